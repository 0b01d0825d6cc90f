"""Pictures of other sciences that nobody took, and what is made of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.quality.measures.full_reference import psnr_db
from benchmarks.quality.measures.nuclei import contrast_of, find_nuclei, kept_share
from benchmarks.quality.sciences import main, subtract_ground
from benchmarks.quality.sets.drawn_sciences import NUCLEI, drawn_pair


@pytest.mark.parametrize("science", ["natural", "microscopy"])
def test_a_drawn_picture_is_paler_through_its_haze_and_always_the_same(science: str) -> None:
    hazy, clear = drawn_pair(science, 3)
    assert hazy.shape == clear.shape == (384, 512, 3)
    assert hazy.mean() > clear.mean() + 10
    assert np.array_equal(hazy, drawn_pair(science, 3)[0])
    assert not np.array_equal(hazy, drawn_pair(science, 4)[0])


def test_nuclei_that_are_drawn_are_found_and_a_rolling_ball_loses_none_of_them() -> None:
    hazy, clear = drawn_pair("microscopy", 3)
    nuclei = find_nuclei(hazy)
    assert NUCLEI / 3 < len(np.unique(nuclei)) - 1 <= NUCLEI
    cleared = subtract_ground(hazy)
    assert contrast_of(cleared, nuclei) > 2.0 * contrast_of(hazy, nuclei)
    assert kept_share(nuclei, find_nuclei(cleared)) > 0.95
    assert psnr_db(cleared, clear) > psnr_db(hazy, clear) + 4.0


def test_a_sheet_of_drawn_pictures_needs_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EID_DATA", str(tmp_path / "nowhere"))
    main("microscopy", drawn_sheet=tmp_path / "sheet.png")
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape == (2 * 240, 3 * 320, 3)
