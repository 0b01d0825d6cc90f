"""File to file, with and without dehazing, in one run: ``python -m benchmarks.speed.throughput``."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from cyclopts import App

from benchmarks.report import json_line, table
from eid_stream.core.engine_names import EngineName

SIZE = "1920x1080"
BUDGET_RATIO_TO_PLAIN = 0.92
BUDGET_RSS_MIB = 350.0
_X264 = "sync-lookahead=0"
_FRAGMENTS = ("-movflags", "empty_moov+default_base_moof+frag_keyframe")
"""What ours are, beside preset and quality: eid_stream/sinks/encoding/."""

app = App(help=__doc__)


@dataclass(frozen=True, slots=True)
class Pass:
    """One file written, from the start of the process to its end: how fast, and with how much memory at most."""

    frames: int
    video_seconds: float
    wall_seconds: float
    cpu_seconds: float
    rss_mib: float

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / self.wall_seconds


@app.default
def main(
    *,
    source: Path | None = None,
    frames: int = 500,
    rounds: int = 3,
    engine: EngineName = "auto",
    size: str = SIZE,
    duration: float | None = None,
    jobs: int = 1,
) -> None:
    """Transcode with dehazing, without dehazing, and with the ffmpeg program where it is installed, taking turns.

    Without dehazing is the same program at strength 0; ffmpeg has the same settings. ``rss_mib`` is the largest
    resident memory of a dehazing pass; ``rss_growth_mib`` is how much more that is than with half of the video.

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
    duration
        Seconds of the video; all of it without this.
    jobs
        So many passes of a kind run at once, each on the whole video: how well several files share the processor.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video = source or _record_phantom(folder / "phantom.mp4", size, frames)
        transcode = Transcode(video, folder, engine, duration)
        passes = _take_turns(transcode, rounds, jobs)
        half = replace(transcode, duration=passes["dehazed"][0].video_seconds / 2).dehazed(0)
    _tell(passes, half)


@dataclass(frozen=True, slots=True)
class Transcode:
    """The kinds of pass over one video; ``job`` numbers those that run at once."""

    video: Path
    folder: Path
    engine: str
    duration: float | None

    def dehazed(self, job: int) -> Pass:
        """By this program."""
        return self._by_us(job)

    def plain(self, job: int) -> Pass:
        """The same without dehazing."""
        return self._by_us(job, "--strength", "0")

    def ffmpeg(self, job: int) -> Pass:
        """The same codec, settings and threads as ours by the program everybody has."""
        with av.open(str(self.video)) as container:
            stream = container.streams.video[0]
            rate, frames = float(stream.average_rate or 25), stream.frames
        seconds = frames / rate if self.duration is None else self.duration
        cut = () if self.duration is None else ("-t", f"{self.duration:.3f}")
        settings = ("-map", "0", "-c", "copy", "-c:v", "libx264", "-preset", "veryfast", "-crf", "17")
        same = ("-g", f"{round(0.4 * rate)}", "-rc-lookahead", "5", "-x264-params", _X264, "-thread_type:v", "slice")
        out = str(self.folder / f"ffmpeg{job}.mp4")
        command = ("ffmpeg", "-nostdin", "-y", *cut, "-i", str(self.video), *settings, *same, *_FRAGMENTS, out)
        wall, cpu, rss = _timed(command)
        return Pass(round(seconds * rate), seconds, wall, cpu, rss)

    def _by_us(self, job: int, *options: str) -> Pass:
        stats = self.folder / f"stats{job}.json"
        out = ("--out", str(self.folder / f"out{job}.mp4"), "--overwrite", "--stats", str(stats))
        cut = () if self.duration is None else ("--duration", f"{self.duration:.3f}")
        chosen = ("--engine", self.engine, *cut, *options)
        wall, cpu, rss = _timed((sys.executable, "-m", "eid_stream", "--source", str(self.video), *out, *chosen))
        told = json.loads(stats.read_text())
        return Pass(told["frames"], told["video_seconds"], wall, cpu, rss)


def _take_turns(transcode: Transcode, rounds: int, jobs: int) -> dict[str, list[Pass]]:
    kinds = {"dehazed": transcode.dehazed, "plain": transcode.plain}
    if shutil.which("ffmpeg"):
        kinds["ffmpeg"] = transcode.ffmpeg
    passes: dict[str, list[Pass]] = {kind: [] for kind in kinds}
    with ThreadPoolExecutor(jobs) as at_once:
        for _ in range(rounds):
            for kind, run in kinds.items():
                began = time.perf_counter()
                done = list(at_once.map(run, range(jobs)))
                passes[kind].append(_together(done, time.perf_counter() - began))
    return passes


def _together(done: list[Pass], wall_seconds: float) -> Pass:
    frames, cpu_seconds = sum(one.frames for one in done), sum(one.cpu_seconds for one in done)
    return Pass(frames, done[0].video_seconds, wall_seconds, cpu_seconds, max(one.rss_mib for one in done))


def _tell(passes: dict[str, list[Pass]], half: Pass) -> None:
    rows = {
        kind: {
            "frames/s": statistics.median(one.rate for one in many),
            "CPU ms/frame": statistics.median(1e3 * one.cpu_seconds / one.frames for one in many),
            "MiB": max(one.rss_mib for one in many),
            "dehazed/this": _ratio(passes["dehazed"], many),
            "plain/this": _ratio(passes["plain"], many),
        }
        for kind, many in passes.items()
    }
    print(table("File to file, start included", tuple(rows["dehazed"]), rows))
    print(f"Budgets: {BUDGET_RATIO_TO_PLAIN:.2f} of plain, {BUDGET_RSS_MIB:.0f} MiB.")
    told: dict[str, Any] = {"benchmark": "throughput", "frames_per_second": rows["dehazed"]["frames/s"]}
    told |= {f"ratio_to_{kind}": row["dehazed/this"] for kind, row in rows.items() if kind != "dehazed"}
    told |= {"rss_mib": rows["dehazed"]["MiB"], "rss_growth_mib": rows["dehazed"]["MiB"] - half.rss_mib}
    print(json_line(told))


def _ratio(dehazed: list[Pass], other: list[Pass]) -> float:
    """Median over the rounds: passes of one round saw the same machine."""
    pairs = zip(dehazed, other, strict=True)
    return statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)


def _record_phantom(path: Path, size: str, frames: int) -> Path:
    address = f"phantom:?size={size}&frames={frames}"
    _timed((sys.executable, "-m", "eid_stream", "--source", address, "--out", str(path), "--strength", "0"))
    return path


def _timed(command: Sequence[str]) -> tuple[float, float, float]:
    """Run a program: seconds, seconds of CPU, MiB at most. Its own words end the benchmark if it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise SystemExit(f"{' '.join(command)} failed: {words}")
    return time.perf_counter() - began, spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024


if __name__ == "__main__":
    app()
