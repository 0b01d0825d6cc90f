"""Make a training folder of videos and pictures: ``python -m training.data.sort_frames FOOTAGE OUT``.

FOOTAGE is any folder of videos and pictures, or Cholec80 as published (``videos/video01.mp4`` and so on). Frames are
taken at regular times, sorted into clear, hazy and unclear by ``haze_score``, and listed in OUT/frames.csv. Then
``EID_DATA=OUT python -m training.student.train_student ...`` trains on them.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from cyclopts import run
from numpy.typing import NDArray
from rich.progress import track

from eid_stream.core.errors import ConfigError
from training.data.frames import FrameRecord, load_rgb, write_frame_list
from training.data.haze_score import haze_score, kind_of
from training.data.picture_cache import make_picture

VIDEO_ENDINGS = {".mp4", ".mkv", ".avi", ".mov", ".mpg", ".ts", ".webm", ".m4v"}
PICTURE_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"}
LARGEST_WIDTH = 854
JPEG_QUALITY = 90

Rgb = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class SortOptions:
    """How footage becomes a training folder."""

    every_seconds: float = 2.0
    """Time between two frames of a video."""
    validation_share: float = 0.15
    """Share of videos, chosen by a hash of their names, that training never sees."""
    source: str = ""
    """Name of the camera system; by default the footage folder's."""
    licence: str = "not stated"


def sort_frames(footage: Path, out: Path, options: SortOptions) -> list[FrameRecord]:
    """Extract, sort and list frames.

    Raises:
        ConfigError: there is no footage, or a file of it cannot be read.
    """
    files = sorted(p for p in footage.rglob("*") if p.suffix.lower() in VIDEO_ENDINGS | PICTURE_ENDINGS)
    if not files:
        raise ConfigError(f"Found no video and no picture in {footage}. Name the folder that holds them.")
    records = [record for path in track(files, "Sorting") for record in _sort_file(path, footage, out, options)]
    write_frame_list(out, records)
    return records


def split_of(video: str, validation_share: float) -> str:
    """``train`` or ``val``: the same for every frame of a video, on every machine."""
    return "val" if zlib.crc32(video.encode()) / 2**32 < validation_share else "train"


def main(footage: Path, out: Path, *, options: SortOptions | None = None) -> None:
    """Make a training folder of videos and pictures.

    Parameters
    ----------
    footage: Folder of videos and pictures; each folder of pictures counts as one video.
    out: Folder to write frames and frames.csv into.
    options: How; every field is an option of its own.
    """
    records = sort_frames(footage, out, options or SortOptions())
    counts = {kind: sum(r.kind == kind for r in records) for kind in ("clear", "hazy", "unclear")}
    print(f"{len(records)} frames in {out}: {counts}. Look at them: a score errs in a few per cent.")


def _sort_file(path: Path, footage: Path, out: Path, options: SortOptions) -> Iterator[FrameRecord]:
    is_video = path.suffix.lower() in VIDEO_ENDINGS
    named = path.relative_to(footage)
    video = "_".join((named.with_suffix("") if is_video else named.parent).parts) or footage.name
    frames = _video_frames(path, options.every_seconds) if is_video else iter([(named.stem, _picture(path))])
    for name, rgb in frames:
        kind = kind_of(haze_score(make_picture(rgb.astype(np.float32) / np.float32(255.0))))
        source = options.source or footage.name
        target = out / "frames" / kind / source / f"{video}_{name}.jpg"
        _write(rgb, target)
        split = split_of(video, options.validation_share)
        height, width = rgb.shape[:2]
        yield FrameRecord(target, kind, source, video, width, height, split, options.licence)


def _video_frames(path: Path, every_seconds: float) -> Iterator[tuple[str, Rgb]]:
    try:
        with av.open(str(path)) as container:
            wanted = 0.0
            for frame in container.decode(video=0):
                seconds = float(frame.time or 0.0)
                if seconds >= wanted:
                    yield f"{round(seconds * 1000):09d}", _shrink(frame.to_ndarray(format="rgb24"))
                    wanted = seconds + every_seconds
    except (av.FFmpegError, IndexError) as error:
        raise ConfigError(f"Cannot read {path} as a video: {error}. Remove or replace the file.") from error


def _picture(path: Path) -> Rgb:
    return _shrink(np.rint(load_rgb(path) * 255.0).astype(np.uint8))


def _shrink(rgb: NDArray[Any]) -> Rgb:
    height, width = rgb.shape[:2]
    if width <= LARGEST_WIDTH:
        return np.asarray(rgb, np.uint8)
    size = LARGEST_WIDTH, round(height * LARGEST_WIDTH / width)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _write(rgb: Rgb, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    codes = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    target.write_bytes(codes.tobytes())


if __name__ == "__main__":
    run(main)
