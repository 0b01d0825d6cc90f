"""Frames on disk: the list of frames that training, tests and benchmarks share, and how one is read."""

import csv
import os
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.errors import ConfigError

FRAME_LIST = "frames.csv"
"""Name of the list in a folder of frames; its columns are the fields of ``FrameRecord``."""
NOT_CLEAR = Path(__file__).with_name("not_clear.txt")
"""Frames of the collection that were sorted as clear and show smoke to whoever looks at them."""


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """One frame on disk and what is known of it."""

    path: Path
    kind: str
    """``clear``, ``hazy`` or ``unclear``."""
    source: str
    """Camera system or collection the frame comes from."""
    video: str
    width: int
    height: int
    split: str
    """``train`` or ``val``; one video is never in both."""
    licence: str


def data_folder() -> Path:
    """Folder of real frames and clips: ``EID_DATA``, or ``../shared/data`` beside the repository."""
    default = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
    return Path(os.environ.get("EID_DATA", default))


def read_frame_list(folder: Path) -> list[FrameRecord]:
    """Read ``frames.csv`` of a folder; paths in it are relative to that folder.

    Raises:
        ConfigError: the list is missing or lacks a column.
    """
    path = folder / FRAME_LIST
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return [_record(folder, row) for row in csv.DictReader(lines)]
    except OSError as error:
        raise ConfigError(
            f"Cannot read the frame list {path}: {error.strerror}. Set EID_DATA to its folder."
        ) from error
    except (KeyError, ValueError) as error:
        raise ConfigError(f"Damaged frame list {path}: {error!r}. Write it with training.data.sort_frames.") from error


def read_frames_to_learn_from(folder: Path) -> list[FrameRecord]:
    """As ``read_frame_list``; clear frames that ``NOT_CLEAR`` names are ``unclear``. What is reported counts them all.

    Raises:
        ConfigError: the list is missing or lacks a column.
    """
    smoky = {folder / name for name in NOT_CLEAR.read_text(encoding="utf-8").split()}
    return [replace(r, kind="unclear") if r.path in smoky else r for r in read_frame_list(folder)]


def write_frame_list(folder: Path, records: list[FrameRecord]) -> None:
    """Write ``frames.csv`` into a folder that holds all the records' paths."""
    with (folder / FRAME_LIST).open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(["path", "kind", "source", "video", "width", "height", "split", "licence"])
        for r in records:
            path = r.path.relative_to(folder).as_posix()
            writer.writerow([path, r.kind, r.source, r.video, r.width, r.height, r.split, r.licence])


def load_rgb(path: Path) -> NDArray[np.float32]:
    """Read a picture as RGB in [0, 1], shape (height, width, 3).

    Raises:
        ConfigError: there is no such file, or it is not a picture.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise ConfigError(f"Cannot read {path} as a picture: it is missing or damaged. Remove it from the frame list.")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.float32) / np.float32(255.0)


def _record(folder: Path, row: dict[str, str]) -> FrameRecord:
    return FrameRecord(
        path=folder / row["path"],
        kind=row["kind"],
        source=row["source"],
        video=row["video"],
        width=int(row["width"]),
        height=int(row["height"]),
        split=row["split"],
        licence=row["licence"],
    )
