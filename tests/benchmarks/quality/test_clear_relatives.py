"""Hazy frames against clear ones of the same video."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality.clear_relatives import FEWEST, compare, main, related
from benchmarks.quality.methods import INPUT, Still
from benchmarks.quality.pictures import Rgb
from eid_stream.core.errors import ConfigError
from tests.benchmarks.quality.made_up_pictures import scene, veiled
from training.data.frames import FrameRecord, read_frame_list, write_frame_list

TRANSMISSION, AIRLIGHT = 0.5, 160.0


def unveil(rgb: Rgb) -> Rgb:
    clear = (rgb - AIRLIGHT * (1.0 - TRANSMISSION)) / TRANSMISSION
    return np.asarray(np.clip(np.rint(clear), 0, 255), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One video of clear and of hazy frames, one of hazy ones alone; all of the training's."""
    records = []
    for number in range(FEWEST + 2):
        kind = "clear" if number < FEWEST else "hazy"
        picture = scene(seed=number) if kind == "clear" else veiled(scene(seed=number), TRANSMISSION, AIRLIGHT)
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), picture[..., ::-1])
        video = "alone" if number == FEWEST + 1 else "both"
        records.append(FrameRecord(path, kind, "camera", video, 288, 192, "train", "ours"))
    write_frame_list(tmp_path, records)
    return tmp_path


def test_only_videos_with_both_kinds_are_compared(folder: Path) -> None:
    hazy, clear = related(read_frame_list(folder))
    assert list(hazy) == list(clear) == [("camera", "both")]


def test_haze_has_more_light_and_less_contrast_than_clear_frames_and_undone_it_has_not(
    folder: Path,
) -> None:
    found = compare(*related(read_frame_list(folder)), [INPUT, Still("undone", unveil)], None)
    assert found["input"]["luma"] > 0.1
    assert found["input"]["contrast"] < -0.02
    assert found["input"]["red / green"] < -0.2
    assert all(abs(found["undone"][name]) < 0.05 for name in ("luma", "median", "contrast"))


def test_the_command_prints_a_line_for_each_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EID_DATA", str(folder))
    assert main(["--rows", "prior", "--limit", "2"]) == 0
    printed = capsys.readouterr().out
    assert "| input" in printed
    assert "| prior" in printed


def test_without_clear_relatives_nothing_is_compared(folder: Path) -> None:
    with pytest.raises(ConfigError, match="No video has hazy frames and"):
        related([record for record in read_frame_list(folder) if record.kind == "hazy"])


def test_a_limit_that_leaves_no_frame_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="give a limit of 1 or more"):
        compare(*related(read_frame_list(folder)), [INPUT], 0)
