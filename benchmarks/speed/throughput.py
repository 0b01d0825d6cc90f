"""File to file, with and without dehazing, in one run: ``python -m benchmarks.speed.throughput``."""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import App

from benchmarks.report import json_line, table
from eid_stream.core.engine_names import EngineName

SIZE = "1920x1080"
BUDGET_RATIO_TO_PLAIN = 0.85
BUDGET_RSS_MIB = 450.0

app = App(help=__doc__)


@dataclass(frozen=True, slots=True)
class Pass:
    """One file written: how fast, and with how much memory at most."""

    frames: int
    video_seconds: float
    wall_seconds: float
    rss_mib: float

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / self.wall_seconds


@app.default
def main(
    *, source: Path | None = None, frames: int = 500, rounds: int = 3, engine: EngineName = "auto", size: str = SIZE
) -> None:
    """Transcode with dehazing, without dehazing, and with the ffmpeg program where it is installed, taking turns.

    Without dehazing is the same program at strength 0. ``rss_mib`` is the largest resident memory of a dehazing pass;
    ``rss_growth_mib`` is how much more that is than with half of the video.

    Parameters
    ----------
    source
        Video to use; without it a phantom is recorded first.
    frames
        Frames of that phantom.
    rounds
        How often every kind of pass is run.
    engine
        Engine to measure.
    size
        Size of the phantom.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = source or _record_phantom(folder / "phantom.mp4", size, frames)
        passes = _take_turns(video, folder, rounds, engine)
        half_seconds = passes["dehazed"][0].video_seconds / 2
        half = _eid_stream(video, folder, "--engine", engine, "--duration", f"{half_seconds:.3f}")
    _tell(passes, half)


def _take_turns(video: Path, folder: Path, rounds: int, engine: str) -> dict[str, list[Pass]]:
    passes: dict[str, list[Pass]] = {"dehazed": [], "plain": []}
    for _ in range(rounds):
        passes["dehazed"].append(_eid_stream(video, folder, "--engine", engine))
        passes["plain"].append(_eid_stream(video, folder, "--engine", engine, "--strength", "0"))
        if shutil.which("ffmpeg"):
            passes.setdefault("ffmpeg", []).append(_ffmpeg(video, folder, passes["dehazed"][0]))
    return passes


def _tell(passes: dict[str, list[Pass]], half: Pass) -> None:
    rates = {kind: statistics.median(each.rate for each in many) for kind, many in passes.items()}
    rss_mib = {kind: max(each.rss_mib for each in many) for kind, many in passes.items()}
    ratios = {kind: _ratio(passes["dehazed"], many) for kind, many in passes.items() if kind != "dehazed"}
    rows = {kind: {"frames/s": rates[kind], "MiB": rss_mib[kind], "dehazed/this": ratios.get(kind)} for kind in passes}
    print(table("File to file", ("frames/s", "MiB", "dehazed/this"), rows))
    print(f"Budgets: {BUDGET_RATIO_TO_PLAIN:.2f} of plain, {BUDGET_RSS_MIB:.0f} MiB.")
    told: dict[str, Any] = {"benchmark": "throughput", "frames_per_second": rates["dehazed"]}
    told |= {f"ratio_to_{kind}": ratio for kind, ratio in ratios.items()}
    told |= {"rss_mib": rss_mib["dehazed"], "rss_growth_mib": rss_mib["dehazed"] - half.rss_mib}
    print(json_line(told))


def _ratio(dehazed: list[Pass], other: list[Pass]) -> float:
    """Median over the rounds: passes of one round saw the same machine."""
    pairs = zip(dehazed, other, strict=True)
    return statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)


def _record_phantom(path: Path, size: str, frames: int) -> Path:
    address = f"phantom:?size={size}&frames={frames}"
    _run(sys.executable, "-m", "eid_stream", "--source", address, "--out", str(path), "--strength", "0")
    return path


def _eid_stream(video: Path, folder: Path, *options: str) -> Pass:
    stats = folder / "stats.json"
    out = ("--out", str(folder / "out.mp4"), "--overwrite", "--stats", str(stats))
    _run(sys.executable, "-m", "eid_stream", "--source", str(video), *out, *options)
    told = json.loads(stats.read_text())
    return Pass(told["frames"], told["video_seconds"], told["wall_seconds"], told["rss_mib"])


def _ffmpeg(video: Path, folder: Path, like: Pass) -> Pass:
    """The same codec and settings as ours by the program everybody has, which tells its own time and memory."""
    settings = ("-map", "0", "-c", "copy", "-c:v", "libx264", "-preset", "veryfast", "-crf", "17")
    told = _run("ffmpeg", "-nostdin", "-benchmark", "-y", "-i", str(video), *settings, str(folder / "ffmpeg.mp4"))
    seconds, kib = (float(re.findall(pattern, told)[-1]) for pattern in (r"rtime=([\d.]+)s", r"maxrss=(\d+)k"))
    return Pass(like.frames, like.video_seconds, seconds, kib / 1024)


def _run(*command: str) -> str:
    """Run a program and return what it says; its own words end the benchmark if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stderr


if __name__ == "__main__":
    app()
