"""Files of six containers with damage of every kind: read to their end, or refused in one sentence."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast

import av
from av.video.stream import VideoStream

from benchmarks.attack.at_once import tried_at_once
from benchmarks.attack.command_worker import CommandWorker, Done
from benchmarks.attack.outcome import SURVIVED
from benchmarks.attack.playing import pictures

SEEDS = {
    "MP4": ("mp4", "libx264"),
    "Matroska": ("mkv", "libx265"),
    "AVI": ("avi", "mpeg4"),
    "MPEG-TS": ("ts", "mpeg2video"),
    "WebM": ("webm", "libvpx"),
    "MOV": ("mov", "mjpeg"),
}
"""Containers with the extension and a codec of each."""
CALLED = "damaged files (6 containers)"
FRAMES = 10
TIME_LIMIT_SECONDS = 240.0
"""On a machine with much other work; what is slow is told by the time it costs."""
SLOW_SECONDS = 15.0
KNOWN_ENDINGS = (0, 2, 3, 4, 5)
Damage = Callable[[bytearray, random.Random], bytearray]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One input: which seed file, and the number from which its damage follows."""

    container: str
    number: int

    @property
    def name(self) -> str:
        """Enough to make it again: ``python -m benchmarks.attack --again NAME``."""
        return f"{self.container}:{self.number}"


def write_seeds(folder: Path) -> dict[str, bytes]:
    """A healthy film of every container."""
    return {name: _film(folder / f"seed.{extension}", codec) for name, (extension, codec) in SEEDS.items()}


def damaged(seed: bytes, fuzzed: Fuzzed) -> bytes:
    """The seed with one to three kinds of damage, the same for the same number."""
    chance = random.Random(f"{fuzzed.container} {fuzzed.number}")
    content = bytearray(seed)
    for damage in chance.choices(DAMAGES, k=chance.choice((1, 1, 2, 3))):
        content = damage(content, chance)
    return bytes(content)


def attack(fuzzed: Fuzzed, seeds: dict[str, bytes], folder: Path, worker: CommandWorker) -> str:
    """Convert one damaged file; the symptom, or ``SURVIVED``."""
    source = folder / f"in.{SEEDS[fuzzed.container][0]}"
    out = folder / "out.mkv"
    source.write_bytes(damaged(seeds[fuzzed.container], fuzzed))
    done = worker.run("--source", str(source), "--out", str(out), "--engine", "prior", "--overwrite")
    symptom = _judge(done, out)
    for left in folder.iterdir():
        if left != source:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return symptom


def attack_all(
    folder: Path, *, first: int, note: Callable[[str, str], None], until: Callable[[], bool], workers: int = 1
) -> None:
    """Convert damaged files of all containers in turn, from number ``first`` on, and ``note`` what became of each."""
    seeds = write_seeds(folder)

    @contextmanager
    def attacker(number: int) -> Iterator[Callable[[Fuzzed], str]]:
        work = folder / f"work{number}"
        work.mkdir(exist_ok=True)
        with closing(CommandWorker(time_limit_seconds=TIME_LIMIT_SECONDS)) as worker:
            yield lambda fuzzed: attack(fuzzed, seeds, work, worker)

    inputs = ((fuzzed.name, fuzzed) for fuzzed in _inputs(first))
    tried_at_once(inputs, attacker, note=note, until=until, workers=workers)


def _inputs(first: int) -> Iterator[Fuzzed]:
    names = list(SEEDS)
    for number in count(first):
        yield Fuzzed(names[number % len(names)], number)


def _judge(done: Done | str, out: Path) -> str:
    if isinstance(done, str):
        return done
    sentences = [line for line in done.said.splitlines() if line.startswith("eid-stream: ")]
    if "Traceback" in done.said or "unexpected fault" in done.said:
        return f"said an unexpected fault: {sentences[-1][:90] if sentences else 'a traceback'}"
    if done.status not in KNOWN_ENDINGS:
        return f"said nothing of status {done.status}"
    if done.status and not sentences:
        return "said nothing of why"
    if done.status == 0 and pictures(out) == 0:
        return "lost every picture without a word"
    if done.cpu_seconds > SLOW_SECONDS:
        return "slow"
    return SURVIVED


def _film(path: Path, codec: str) -> bytes:
    with av.open(str(path), "w") as container:
        stream = cast(
            VideoStream,
            container.add_stream(
                codec, rate=25, width=96, height=64, pix_fmt="yuvj420p" if codec == "mjpeg" else "yuv420p"
            ),
        )
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none"}
        for number in range(FRAMES):
            picture = av.VideoFrame(96, 64, "yuv420p")
            for index, plane in enumerate(picture.planes):
                plane.update(
                    bytes((60 + number * 9 + index * 20 + (at // 7) % 80) & 255 for at in range(plane.buffer_size))
                )
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path.read_bytes()


def _flip_bits(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 3, 10, 50))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _flip_header(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 2, 5))):
        if content:
            content[chance.randrange(min(len(content), 600))] = chance.randrange(256)
    return content


def _cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content) + 1)]


def _lose_a_piece(content: bytearray, chance: random.Random) -> bytearray:
    begin = chance.randrange(len(content) + 1)
    del content[begin : begin + chance.choice((1, 7, 188, 1000))]
    return content


def _repeat_a_piece(content: bytearray, chance: random.Random) -> bytearray:
    begin = chance.randrange(len(content) + 1)
    return (
        content[:begin]
        + content[begin : begin + chance.choice((4, 188, 2000))] * chance.choice((2, 20))
        + content[begin:]
    )


def _large_number(content: bytearray, chance: random.Random) -> bytearray:
    begin = chance.randrange(len(content) + 1)
    content[begin : begin + 4] = chance.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4, b"\x80\0\0\0"))
    return content


def _zeros(content: bytearray, chance: random.Random) -> bytearray:
    begin = chance.randrange(len(content) + 1)
    length = min(chance.choice((16, 500, 4000)), len(content) - begin)
    content[begin : begin + length] = bytes(length)
    return content


DAMAGES: tuple[Damage, ...] = (_flip_bits, _flip_header, _cut, _lose_a_piece, _repeat_a_piece, _large_number, _zeros)
