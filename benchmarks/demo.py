"""A synthetic operation, dehazed and measured against its known truth: ``python -m benchmarks.demo``."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.quality.measures.full_reference import psnr_db
from benchmarks.quality.pictures import Rgb, rgb_of
from eid_stream.app.options.run_options import Options
from eid_stream.app.run import run
from eid_stream.archive.pair_page import write_pair_page
from eid_stream.core.errors import EidStreamError
from eid_stream.core.frame import Frame
from eid_stream.sources.file.video_file import VideoFileSource
from eid_stream.sources.phantom.phantom_source import PhantomSource

ADDRESS = "phantom:?size=960x540&rate=25&frames=100&seed=3&smoke=0.45"
FOLDER = Path("demo")
SHOWN_FRAME = 60


def main() -> int:
    """Write ``demo/smoky.mp4``, ``demo/clear.mp4`` and a picture of before, after and truth; print PSNR."""
    FOLDER.mkdir(exist_ok=True)
    smoky, clear = FOLDER / "smoky.mp4", FOLDER / "clear.mp4"
    try:
        status = run(Options(source=ADDRESS, out=str(smoky), strength=0.0, overwrite=True))
        told = FOLDER / "run.json"
        status = status or run(Options(source=str(smoky), out=str(clear), overwrite=True, stats=told))
        if status:  # stopped by Ctrl-C
            return status
        before_db, after_db = _judge(smoky, clear, FOLDER / "before_after_truth.png")
        page = _write_page(smoky, clear, json.loads(told.read_text(encoding="utf-8")))
    except EidStreamError as error:
        print(f"The demonstration failed: {error}")
        return error.exit_code
    gain_db = after_db - before_db
    print(f"PSNR against the phantom's truth: {before_db:.2f} dB before, {after_db:.2f} dB after ({gain_db:+.2f} dB)")
    print(f"Look at {clear} and {FOLDER / 'before_after_truth.png'} (left to right).")
    print(f"Open {page} in a browser: before and after with a border to drag, and the haze.")
    return 0


def _write_page(smoky: Path, clear: Path, stats: dict[str, Any]) -> Path:
    """The page of both videos with their haze, and with what each frame waited for on this machine."""
    waits = stats["stages"]["dehaze"]
    remark = f"On this machine each frame waited {waits['p50_ms']:.1f} ms (p50), {waits['p99_ms']:.1f} ms (p99)."
    return write_pair_page(smoky, clear, stats["haze_per_second"], remark=remark)


def _judge(smoky: Path, clear: Path, sheet: Path) -> tuple[float, float]:
    """Mean PSNR in dB of both videos against the truth; one frame of each goes side by side into ``sheet``."""
    before, after = [], []
    for number, (hazy, dehazed, truth) in enumerate(_frames(smoky, clear)):
        before.append(psnr_db(hazy, truth))
        after.append(psnr_db(dehazed, truth))
        if number == SHOWN_FRAME:
            cv2.imwrite(str(sheet), cv2.cvtColor(np.hstack([hazy, dehazed, truth]), cv2.COLOR_RGB2BGR))
    return float(np.mean(before)), float(np.mean(after))


def _frames(smoky: Path, clear: Path) -> Iterator[tuple[Rgb, Rgb, Rgb]]:
    phantom, hazy, dehazed = PhantomSource(ADDRESS), VideoFileSource(str(smoky)), VideoFileSource(str(clear))
    for frame, frame_before, frame_after in zip(phantom, hazy, dehazed, strict=True):
        yield rgb_of(frame_before), rgb_of(frame_after), rgb_of(_true(phantom, frame))


def _true(phantom: PhantomSource, frame: Frame) -> Frame:
    return replace(frame, planes=phantom.truth(frame.pts), buffer=None)


if __name__ == "__main__":
    raise SystemExit(main())
