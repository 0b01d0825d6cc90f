"""What becomes of sound, subtitles and data on their way from container to container, measured.

``python -m tests.media.matrix`` makes the files with the ffmpeg program, passes each one through source and recorder,
and writes the table of ``docs/files.md``.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from eid_stream.core.errors import EidStreamError
from tests.media.reading import Track, read_tracks
from tests.senders import FFMPEG
from tests.stand_ins.passthrough import pass_through

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
BEGIN, END = "<!-- media matrix -->\n", "<!-- end of media matrix -->\n"
OUTPUTS = (".mp4", ".mov", ".mkv")
SECONDS = 0.6
_PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=64x48:rate=25:duration={SECONDS},format=yuv420p"]
_SOUND = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}"]
_TEXT = "1\n00:00:00,100 --> 00:00:00,300\nFirst incision\n\n2\n00:00:00,350 --> 00:00:00,500\nGallbladder\n"
_H264 = ["-c:v", "libx264", "-preset", "ultrafast"]
_MPEG2 = ["-c:v", "mpeg2video"]


@dataclass(frozen=True, slots=True)
class Case:
    """One file: its container, and what lies beside its picture."""

    container: str
    side: str
    options: tuple[str, ...]
    kind: str = "audio"


def _sound(container: str, codec: str, *options: str, video: list[str] = _H264) -> Case:
    return Case(container, codec, (*video, "-c:a", codec, *options))


CASES = (
    _sound(".mp4", "aac"),
    _sound(".mp4", "ac3"),
    Case(".mp4", "mov_text", (*_H264, "-c:s", "mov_text"), "subtitle"),
    _sound(".mov", "pcm_s16le"),
    _sound(".mov", "pcm_s24le"),
    _sound(".mov", "alac"),
    Case(".mov", "timecode", (*_H264, "-timecode", "10:00:00:00"), "data"),
    _sound(".mkv", "libopus"),
    _sound(".mkv", "flac"),
    _sound(".mkv", "eac3"),
    _sound(".mkv", "g722", "-ar", "16000", "-strict", "-2"),
    Case(".mkv", "subrip", (*_H264, "-c:s", "srt"), "subtitle"),
    Case(".mkv", "ass", (*_H264, "-c:s", "ass"), "subtitle"),
    Case(".mkv", "attachment", (*_H264, "-attach", "{text}", "-metadata:s:t", "mimetype=text/plain"), "attachment"),
    _sound(".avi", "pcm_s16le", video=["-c:v", "mjpeg"]),
    _sound(".avi", "pcm_alaw"),
    _sound(".avi", "pcm_mulaw"),
    _sound(".avi", "adpcm_ms"),
    _sound(".avi", "libmp3lame"),
    _sound(".ts", "aac"),
    _sound(".ts", "mp2"),
    Case(".ts", "aac_latm", (*_H264, "-c:a", "aac", "-mpegts_flags", "latm")),
    _sound(".ts", "s302m", "-ac", "2", "-strict", "-2"),
    Case(".m2ts", "pcm_bluray", (*_H264, "-c:a", "pcm_bluray", "-ac", "2", "-mpegts_m2ts_mode", "1", "-f", "mpegts")),
    Case(".vob", "pcm_dvd", (*_MPEG2, "-c:a", "pcm_dvd", "-ac", "2", "-f", "vob")),
    _sound(".mpg", "mp2", video=_MPEG2),
    _sound(".wmv", "wmav2", video=["-c:v", "wmv2"]),
    _sound(".flv", "aac"),
    _sound(".mxf", "pcm_s24le", video=_MPEG2),
)


def build(case: Case, folder: Path) -> Path:
    """Make the file of a case."""
    text = folder / "text.srt"
    text.write_text(_TEXT)
    path = folder / f"{case.side}{case.container}"
    beside = {"audio": _SOUND, "subtitle": ["-i", str(text)]}.get(case.kind, [])
    options = [option.format(text=text) for option in case.options]
    command = [str(FFMPEG), "-loglevel", "error", "-y", *_PICTURE, *beside, *options, "-threads", "1", str(path)]
    subprocess.run(command, check=True)
    return path


def outcome(case: Case, source: Path, extension: str) -> str:
    """What a container makes of what lies beside the picture: in a word or two, found in the file that was written."""
    out = source.with_name(f"{source.name}{extension}")
    try:
        passed = pass_through(source, out, codec="h264")
    except EidStreamError as error:
        return f"refused: {error}"
    before, after = read_tracks(source), read_tracks(out)
    if len(after[0].seconds) + len(after[-1].seconds) < 2 or passed.frames != _pictures(out):
        return "PICTURES LOST"
    old = [track for track in before if track.type == case.kind]
    new = [track for track in after if track.type == case.kind]
    if not new:
        said = [note for note in passed.notes if f"({case.kind}" in note]
        return "as a tag" if any("as a tag" in note for note in said) else "left out, said" if said else "LOST"
    same = _name(old[0].codec) == _name(new[0].codec)
    if case.kind == "audio" and not (_whole(old[0], new[0]) if same else _sounds_the_same(source, out)):
        return "SPOILED"
    return "kept" if same else f"as {new[0].codec}"


def _row(case: Case, source: Path) -> list[str]:
    return [outcome(case, source, extension) for extension in OUTPUTS]


def lines(folder: Path) -> Iterator[str]:
    """The table, line by line."""
    with ThreadPoolExecutor(2) as pool:
        sources = list(pool.map(lambda case: build(case, folder), CASES))
        cells = list(pool.map(_row, CASES, sources))
    yield "| from | beside the picture | to .mp4 | to .mov | to .mkv |"
    yield "|---|---|---|---|---|"
    for case, row in zip(CASES, cells, strict=True):
        yield f"| {case.container} | {case.side.removeprefix('lib')} | {' | '.join(row)} |"


def table() -> str:
    """The table of the whole matrix, made now."""
    with tempfile.TemporaryDirectory() as folder:
        return "".join(f"{line}\n" for line in lines(Path(folder)))


def table_of_page() -> str:
    """The table as the page has it."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def _name(codec: str) -> str:
    """MP4 has one name for both layers of MPEG audio, and Matroska one for text."""
    return {"mp2float": "mp3", "mp2": "mp3", "mp3float": "mp3"}.get(codec, codec)


def _whole(old: Track, new: Track) -> bool:
    """Whether all sound is there: every byte, or every packet where the headers of broadcast are taken off."""
    return b"".join(old.payloads) == b"".join(new.payloads) or len(old.payloads) == len(new.payloads)


def _pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _sounds_the_same(source: Path, out: Path) -> bool:
    """Whether every sample that is decoded from the source is decoded from the output too."""
    old, new = _samples(source), _samples(out)
    length = min(old.size, new.size)
    return length >= 0.9 * old.size and bool(np.array_equal(old[:length], new[:length]))


def _samples(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    resampler = av.AudioResampler(format="s32", layout="mono", rate=48_000)
    with av.open(str(path)) as container:
        parts = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int32)


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}", encoding="utf-8")
