"""The prior engine on made-up scenes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.backends.prior_engine import PriorEngine
from eid_stream.core.haze_maps import GAIN_LUMA, OFFSET_Y
from eid_stream.core.thumbnail import Area, Thumbnail


def thumbnail_of(rgb: NDArray[np.float32]) -> Thumbnail:
    """A 256x192 thumbnail of an RGB picture in [0, 1], BT.709."""
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    cb, cr = (rgb[..., 2] - luma) / 1.8556, (rgb[..., 0] - luma) / 1.5748
    return Thumbnail(np.stack([luma, cb, cr]).astype(np.float32), Area(0, 0, 256, 192))


def tissue() -> NDArray[np.float32]:
    """Red tissue with dark texture."""
    noise = np.random.default_rng(3).random((192, 256, 1), dtype=np.float32)
    return np.array([0.6, 0.2, 0.15], np.float32) * (0.3 + 0.7 * noise)


def veiled(clear: NDArray[np.float32], transmission: float) -> NDArray[np.float32]:
    return clear * np.float32(transmission) + np.float32(0.9 * (1.0 - transmission))


def test_red_tissue_without_smoke_is_left_alone() -> None:
    maps = PriorEngine().estimate(thumbnail_of(tissue()))
    assert maps.density == 0.0
    np.testing.assert_allclose(maps.values[GAIN_LUMA], 1.0, atol=1e-6)


def test_denser_haze_is_seen_as_denser_and_taken_away_harder() -> None:
    answers = [PriorEngine().estimate(thumbnail_of(veiled(tissue(), t))) for t in (0.9, 0.7, 0.5, 0.3)]
    densities = [maps.density for maps in answers]
    gains = [float(maps.values[GAIN_LUMA].mean()) for maps in answers]
    assert densities == sorted(densities)
    assert gains == sorted(gains)
    assert gains[-1] > 1.5


def test_nothing_gets_brighter() -> None:
    maps = PriorEngine().estimate(thumbnail_of(veiled(tissue(), 0.4)))
    white = maps.values[GAIN_LUMA] + maps.values[OFFSET_Y]
    np.testing.assert_allclose(white, 1.0, atol=1e-5)


def test_the_black_around_a_scene_hides_no_haze() -> None:
    framed = veiled(tissue(), 0.5)
    y, x = np.mgrid[:192, :256]
    framed[(y - 96) ** 2 + (x - 128) ** 2 > 90**2] = 0.0
    inside = np.s_[10:14, 13:19]
    circle = PriorEngine().estimate(thumbnail_of(framed)).values[GAIN_LUMA][inside]
    full = PriorEngine().estimate(thumbnail_of(veiled(tissue(), 0.5))).values[GAIN_LUMA][inside]
    np.testing.assert_allclose(circle, full, rtol=0.02)


def test_haze_in_one_place_is_treated_with_more_care_than_haze_all_over() -> None:
    local = tissue()
    local[60:130, 80:170] = veiled(tissue(), 0.4)[60:130, 80:170]
    everywhere = PriorEngine().estimate(thumbnail_of(veiled(tissue(), 0.4))).values[GAIN_LUMA]
    assert 1.0 < PriorEngine().estimate(thumbnail_of(local)).values[GAIN_LUMA].max() < everywhere.max()


def test_a_sudden_change_of_the_scene_moves_the_judgement_slowly_until_reset() -> None:
    engine, hazy = PriorEngine(), thumbnail_of(veiled(tissue(), 0.4))
    engine.estimate(thumbnail_of(tissue()))
    slow = engine.estimate(hazy).density
    engine.reset()
    assert slow < engine.estimate(hazy).density == pytest.approx(PriorEngine().estimate(hazy).density)


def test_a_black_picture_is_left_alone() -> None:
    maps = PriorEngine().estimate(thumbnail_of(np.zeros((192, 256, 3), np.float32)))
    assert maps.fault() is None
    assert maps.density == 0.0
