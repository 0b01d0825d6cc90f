from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from eid_stream.core.engine_card import EngineCard
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import OFFSET_Y, HazeMaps
from eid_stream.core.thumbnail import Thumbnail
from eid_stream.dehazing.plane_correction import apply_maps
from eid_stream.stills.corrected_samples import corrected_samples
from eid_stream.stills.picture_dehazer import PictureDehazer, white_level
from eid_stream.stills.picture_file import Samples

CARD = EngineCard("made-up", "1", "onnx", 256, 192, 32, 24)
HALF_A_VEIL = HazeMaps.from_transmission(
    np.linspace(0.4, 0.7, 12, dtype=np.float32).reshape(3, 4),
    np.array([0.5, 0.02, -0.01], np.float32).reshape(3, 1, 1),
    0.5,
)


def samples(shape: tuple[int, ...], dtype: type[np.uint8] | type[np.uint16], most: int) -> Samples:
    drawn: Samples = np.random.default_rng(2).integers(0, most + 1, shape, dtype)
    return drawn


@pytest.mark.parametrize("shape", [(300, 50), (300, 50, 3), (300, 50, 4)])
def test_where_no_haze_is_seen_every_bit_stays(shape: tuple[int, ...]) -> None:
    for dtype, most in ((np.uint8, 255), (np.uint16, 65535), (np.uint16, 4095)):
        before = samples(shape, dtype, most)
        dehazer = PictureDehazer(lambda _: HazeMaps.identity(), CARD)
        assert np.array_equal(dehazer.clear(before).samples, before)


def test_without_strength_nothing_is_looked_at() -> None:
    def never(_: Thumbnail) -> HazeMaps:
        raise AssertionError

    before = samples((40, 50, 3), np.uint8, 255)
    assert np.array_equal(PictureDehazer(never, CARD, strength=0.0).clear(before).samples, before)


def test_a_grey_picture_is_corrected_as_the_luma_of_a_video_is() -> None:
    luma = samples((300, 50), np.uint8, 255)
    neutral = np.full_like(luma, 128)
    frame = Frame((luma, neutral, neutral), PIXEL_LAYOUTS["yuv444p"], Colour(1, full_range=True), 0, Fraction(1), 0, 0)
    planes = (np.empty_like(luma), np.empty_like(luma), np.empty_like(luma))
    apply_maps(frame.planes, planes, HALF_A_VEIL, frame.layout, frame.colour)
    corrected = corrected_samples(luma, HALF_A_VEIL, 255, 1.0)
    assert np.abs(corrected.astype(int) - planes[0].astype(int)).max() <= 1


def test_a_colour_picture_loses_its_veil() -> None:
    scene = np.random.default_rng(3).uniform(0.2, 0.6, (64, 64, 3))
    hazy = 0.5 * scene + 0.5 * 0.7
    maps = HazeMaps.from_transmission(
        np.full((2, 2), 0.5, np.float32), np.array([0.7, 0.0, 0.0], np.float32).reshape(3, 1, 1), 0.5
    )
    before = np.rint(hazy * 65535).astype(np.uint16)
    after = corrected_samples(before, maps, 65535, 1.0) / 65535
    assert np.abs(after - scene).max() < 1e-3


def test_bits_that_a_camera_left_unused_do_not_make_a_picture_dark() -> None:
    seen: list[Thumbnail] = []

    def look(thumbnail: Thumbnail) -> HazeMaps:
        seen.append(thumbnail)
        return HALF_A_VEIL

    twelve = samples((192, 256), np.uint16, 4095)
    assert white_level(twelve) == 4095
    after = PictureDehazer(look, CARD).clear(twelve).samples
    assert seen[0].values[0].mean() == pytest.approx(0.5, abs=0.02)
    assert after.dtype == np.uint16
    assert after.max() <= 4095


def test_alpha_stays_as_it_is() -> None:
    before = samples((40, 50, 4), np.uint8, 255)
    after = PictureDehazer(lambda _: HALF_A_VEIL, CARD).clear(before).samples
    assert np.array_equal(after[..., 3], before[..., 3])
    assert not np.array_equal(after[..., :3], before[..., :3])


def test_haze_that_only_adds_light_may_be_taken_to_the_last_of_it() -> None:
    glow = np.full((40, 50), 20, np.uint8)
    maps = HazeMaps.identity()
    maps.values[OFFSET_Y] = -20 / 255
    for card, left in ((CARD, 5), (replace(CARD, only_adds_light=True), 0)):
        assert np.unique(PictureDehazer(lambda _: maps, card).clear(glow).samples).tolist() == [left]
