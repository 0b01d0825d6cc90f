"""``--black-out``: a name burnt into the picture is in nothing that the command writes."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.command import Say
from tests.media.writing import Clip, write_clip

RECTANGLE = ("--black-out", "8,16,40,12", "--black-out", "60,40,20,20")
PHANTOM = "phantom:?size=96x64&frames=20"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return write_clip(folder / "op.mp4", Clip(frames=10, size=(96, 64)))


def lumas(path: Path) -> "Iterator[np.ndarray]":
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")


def assert_covered(luma: np.ndarray) -> None:
    """What lies well within the rectangles is black, and the picture beside them is not."""
    for part in (luma[18:26, 10:46], luma[42:58, 62:78]):
        assert part.max() <= 6
    assert luma[30:38, 10:90].mean() > 20


def test_a_file_shows_black_rectangles(tmp_path: Path, say: Say) -> None:
    out = tmp_path / "out.mkv"
    status, said = say("--source", PHANTOM, "--out", out, "--engine", "prior", "--quality", "5", *RECTANGLE)
    assert status == 0, said
    pictures = list(lumas(out))
    assert len(pictures) == 20
    for luma in pictures:
        assert_covered(luma)


def test_the_original_beside_the_cleared_picture_is_covered_too(tmp_path: Path, say: Say) -> None:
    out = tmp_path / "out.mkv"
    options = ("--engine", "prior", "--quality", "5", "--compare", "side", *RECTANGLE)
    assert say("--source", PHANTOM, "--out", out, *options)[0] == 0
    for luma in lumas(out):
        assert_covered(luma[:, :96])
        assert_covered(luma[:, 96:])


def test_a_recording_of_the_original_is_covered_too(tmp_path: Path, say: Say) -> None:
    out, original = tmp_path / "out.mkv", tmp_path / "original.mkv"
    live = ("--source", f"{PHANTOM}&realtime=1", "--live", "--no-window", "--record-original", original)
    status, said = say(*live, "--out", out, "--engine", "prior", "--quality", "5", *RECTANGLE)
    assert status == 0, said
    for path in (out, original):
        for luma in lumas(path):
            assert_covered(luma)


def test_pictures_for_learning_are_covered(tmp_path: Path, say: Say) -> None:
    options = ("--frames", "png", "--fps", "25", "--engine", "prior", *RECTANGLE)
    video = write_clip(tmp_path / "op.mp4", Clip(frames=3, size=(96, 64)))
    assert say("--source", video, "--out", tmp_path / "frames", *options)[0] == 0
    paths = sorted((tmp_path / "frames" / "op").glob("*.png"))
    assert len(paths) == 3
    for path in paths:
        picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert_covered(picture)


def test_every_video_of_a_folder_is_covered_and_no_page_plays_the_source(video: Path, tmp_path: Path, say: Say) -> None:
    out = tmp_path / "out"
    status, said = say("--source", video.parent, "--out", out, "--engine", "prior", "--quality", "5", *RECTANGLE)
    assert status == 0, said
    for luma in lumas(out / video.name):
        assert_covered(luma)
    assert not (out / f"{video.name}.html").exists()


@pytest.mark.parametrize(
    ("rectangle", "says"), [("90,0,10,5", "leaves the picture, which is 96x64"), ("1,2,3", "as a rectangle")]
)
def test_a_rectangle_that_covers_nothing_of_the_picture_is_refused(
    video: Path, tmp_path: Path, say: Say, rectangle: str, says: str
) -> None:
    status, said = say("--source", video, "--out", tmp_path / "out.mp4", "--black-out", rectangle)
    assert status == 2
    assert says in said
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
