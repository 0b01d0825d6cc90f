from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from eid_stream.core.errors import ConfigError
from tests.training.conftest import scene
from training.data.frames import data_folder, load_rgb, read_frame_list
from training.data.haze_score import haze_score, kind_of
from training.data.picture_cache import make_picture
from training.data.sort_frames import SortOptions, sort_frames, split_of


def _write_video(path: Path, seconds: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.rint(cv2.resize(scene("clear", 0), (320, 240)) * 255).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(5))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(5 * seconds):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_cholec80_as_published_becomes_a_training_folder(tmp_path: Path) -> None:
    _write_video(tmp_path / "cholec80" / "videos" / "video01.mp4", seconds=3)
    _write_video(tmp_path / "cholec80" / "videos" / "video02.mp4", seconds=2)
    records = sort_frames(tmp_path / "cholec80", tmp_path / "out", SortOptions(every_seconds=1.0))
    assert [r.video for r in records] == ["videos_video01"] * 3 + ["videos_video02"] * 2
    assert read_frame_list(tmp_path / "out") == records
    assert load_rgb(records[0].path).shape == (240, 320, 3)


def test_a_folder_of_pictures_is_one_video(tmp_path: Path) -> None:
    (tmp_path / "stills").mkdir()
    for n in range(3):
        cv2.imwrite(str(tmp_path / "stills" / f"{n}.png"), np.rint(scene("clear", n) * 255))
    records = sort_frames(tmp_path / "stills", tmp_path / "out", SortOptions(source="own", licence="own"))
    assert {(r.video, r.source, r.licence) for r in records} == {("stills", "own", "own")}
    assert len({r.split for r in records}) == 1


def test_a_folder_without_footage_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no video and no picture"):
        sort_frames(tmp_path, tmp_path / "out", SortOptions())


def test_about_the_wanted_share_of_videos_is_kept_for_validation() -> None:
    share = np.mean([split_of(f"video{n:02d}", 0.2) == "val" for n in range(500)])
    assert 0.15 < share < 0.25


def test_the_score_agrees_with_the_labels_of_real_frames() -> None:
    if not (data_folder() / "frames.csv").exists():
        pytest.skip("The real frames are not here: set EID_DATA to their folder.")
    records = [r for r in read_frame_list(data_folder()) if r.split == "val"][::12]
    right = [kind_of(haze_score(make_picture(load_rgb(r.path)))) == r.kind for r in records]
    assert np.mean(right) > 0.75
