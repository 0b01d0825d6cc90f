from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.sinks.file.picture_folder import TABLE, PictureFolder
from eid_stream.sinks.window.display_picture import save_png

LAYOUT = PIXEL_LAYOUTS["yuv420p"]


def frame(number: int, rate: int = 30) -> Frame:
    planes, picture = allocate(64, 48, LAYOUT)
    for plane in planes:
        plane[...] = 128
    seen = HazeMaps(np.zeros((5, 2, 2), np.float32), 0.25)
    return Frame(planes, LAYOUT, Colour(), number, Fraction(1, rate), number, 0, buffer=picture, maps=seen)


def written(folder: Path, count: int, *, first: int = 0, rate: str = "1") -> list[str]:
    pictures = PictureFolder(folder, name="video01", save=save_png, rate=Fraction(rate))
    for number in range(first, first + count):
        pictures.write(frame(number))
    pictures.close()
    return sorted(path.name for path in folder.glob("*.png"))


def test_one_picture_a_second_is_numbered_as_annotations_of_25_frames_a_second(tmp_path: Path) -> None:
    names = ["video01_000001.png", "video01_000026.png", "video01_000051.png"]
    assert written(tmp_path / "a", 75) == names
    assert written(tmp_path / "b", 75, first=1000) == names


def test_two_pictures_a_second_come_twice_as_often(tmp_path: Path) -> None:
    assert written(tmp_path, 31, rate="2") == ["video01_000001.png", "video01_000013.png", "video01_000026.png"]


def test_the_table_tells_the_annotation_frame_and_the_haze_of_every_picture(tmp_path: Path) -> None:
    written(tmp_path, 31)
    assert (tmp_path / TABLE).read_text(encoding="utf-8").splitlines() == [
        "picture,annotation_frame,seconds,haze_density",
        "video01_000001.png,0,0.0,0.25",
        "video01_000026.png,25,1.0,0.25",
    ]


def test_pictures_that_are_there_are_not_mixed_with_new_ones(tmp_path: Path) -> None:
    written(tmp_path, 2)
    with pytest.raises(SinkOpenError, match=r"holds video01_000001\.png already"):
        PictureFolder(tmp_path, name="video01", save=save_png)
    PictureFolder(tmp_path, name="video01", save=save_png, overwrite=True).write(replace(frame(0), maps=None))


def test_a_picture_that_cannot_be_stored_is_one_sentence(tmp_path: Path) -> None:
    pictures = PictureFolder(tmp_path / "a", name="v", save=lambda frame, path: save_png(frame, f"/proc/{path}"))
    with pytest.raises(SinkWriteError, match="Check the disk"):
        pictures.write(frame(0))
