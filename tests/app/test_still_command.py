import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.command import Say
from tests.media.writing import Clip, write_clip

FAST = ("--engine", "prior")


def hazy(path: Path, dtype: type[np.uint8] | type[np.uint16] = np.uint8, *, grey: bool = False) -> Path:
    """A coloured pattern behind an even veil."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scene = cv2.GaussianBlur(np.random.default_rng(4).random((96, 128, 3)), (0, 0), 3.0)
    scene = np.clip((scene - 0.5) * 4 + 0.4, 0, 1) * [0.3, 0.4, 1.0]
    values = 0.4 * scene + 0.6 * 0.8
    picture = np.rint((values.mean(2) if grey else values) * np.iinfo(dtype).max).astype(dtype)
    assert cv2.imwrite(str(path), picture)
    return path


def read(path: Path) -> NDArray[Any]:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def test_a_picture_is_cleared_into_a_picture(tmp_path: Path, say: Say) -> None:
    source, out, stats = hazy(tmp_path / "a.png"), tmp_path / "b.png", tmp_path / "s.json"
    status, said = say("--source", source, "--out", out, "--stats", stats, *FAST)
    assert status == 0, said
    assert read(out).std() > 1.2 * read(source).std()
    assert json.loads(stats.read_text(encoding="utf-8"))["haze_density"][str(source)][0] > 0.1


def test_a_grey_tiff_of_16_bits_stays_one(tmp_path: Path, say: Say) -> None:
    source = hazy(tmp_path / "a.tif", np.uint16, grey=True)
    say("--source", source, "--out", tmp_path / "b.tif", *FAST)
    after = read(tmp_path / "b.tif")
    assert after.dtype == np.uint16
    assert after.ndim == 2
    assert len(np.unique(after)) > 1000


def test_a_folder_of_pictures_is_cleared_into_another_and_a_bad_one_costs_itself_alone(
    tmp_path: Path, say: Say
) -> None:
    hazy(tmp_path / "in" / "a.png")
    hazy(tmp_path / "in" / "deep" / "b.tif", np.uint16)
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    status, said = say("--source", tmp_path / "in", "--out", tmp_path / "out", *FAST)
    assert status == 6
    assert "bad.png is damaged" in said
    assert sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*")) == [
        "a.png",
        "deep/b.tif",
    ]
    status, said = say("--source", tmp_path / "in", "--out", tmp_path / "out", *FAST)
    assert "2 pictures were there already" in said


def test_pictures_beside_a_video_are_left_to_a_pattern(tmp_path: Path, say: Say) -> None:
    hazy(tmp_path / "in" / "a.png")
    write_clip(tmp_path / "in" / "v.mp4", Clip(frames=5, size=(64, 48)))
    status, said = say("--source", tmp_path / "in", "--out", tmp_path / "videos", "--dry-run")
    assert status == 0
    assert "1 video to do" in said
    assert say("--source", f"{tmp_path}/in/*.png", "--out", tmp_path / "pictures", *FAST)[0] == 0
    assert (tmp_path / "pictures" / "a.png").is_file()


def test_original_and_cleared_stand_side_by_side_on_wish(tmp_path: Path, say: Say) -> None:
    source = hazy(tmp_path / "a.png")
    say("--source", source, "--out", tmp_path / "b.png", "--compare", "side", *FAST)
    both = read(tmp_path / "b.png")
    assert both.shape == (96, 256, 3)
    assert np.array_equal(both[:, :128], read(source))


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ((), 2, "name where they go with --out"),
        (("--out", "{folder}/b.png", "--start", "3"), 2, "--start is for videos"),
        (("--out", "{folder}/a.png", "--overwrite"), 2, "is the source itself"),
        (("--out", "{folder}/a.mp4"), 2, "is not written as a.mp4"),
        (("--out", "{folder}/nodir/b.png"), 5, "nodir of the output does not exist. Create it"),
        (("--out", "{folder}/b.png", "--weights", "{folder}"), 4, "There are no weights in"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    tmp_path: Path, say: Say, options: tuple[str, ...], status: int, says: str
) -> None:
    source = hazy(tmp_path / "a.png")
    found, said = say("--source", source, *(option.format(folder=tmp_path) for option in options))
    assert found == status
    assert says in said
    assert said.count("\n") <= 2
