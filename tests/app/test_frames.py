import csv
from fractions import Fraction
from pathlib import Path

import cv2
import pytest

from tests.command import Say
from tests.media.writing import Clip, write_clip


@pytest.fixture
def video(tmp_path: Path) -> Path:
    write_clip(tmp_path / "video01.mp4", Clip(frames=25, rate=Fraction(10), size=(64, 48)))
    return tmp_path / "video01.mp4"


def test_pictures_and_their_table_are_written_in_place_of_a_video(video: Path, tmp_path: Path, say: Say) -> None:
    out = tmp_path / "frames"
    status, said = say("--source", video, "--out", out, "--frames", "jpg", "--fps", "2", "--engine", "prior")
    assert status == 0, said
    names = ["video01_000001", "video01_000013", "video01_000026", "video01_000038", "video01_000051"]
    assert sorted(path.stem for path in (out / "video01").glob("*.jpg")) == names
    rows = list(csv.DictReader((out / "video01" / "frames.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["annotation_frame"] for row in rows] == ["0", "12", "25", "37", "50"]
    assert all(0.0 <= float(row["haze_density"]) <= 1.0 for row in rows)


def test_original_and_cleared_stand_side_by_side_on_wish(video: Path, tmp_path: Path, say: Say) -> None:
    say("--source", video, "--out", tmp_path, "--frames", "png", "--compare", "side", "--engine", "prior")
    picture = cv2.imread(str(tmp_path / "video01" / "video01_000001.png"))
    assert picture is not None
    assert picture.shape == (48, 128, 3)


@pytest.mark.parametrize(("options", "says"), [((), "name a folder"), (("--out", "x", "--fps", "0"), "up to 25")])
def test_frames_without_a_folder_or_a_rate_are_refused(
    video: Path, say: Say, options: tuple[str, ...], says: str
) -> None:
    status, said = say("--source", video, "--frames", "png", "--no-window", *options)
    assert status == 2
    assert says in said
