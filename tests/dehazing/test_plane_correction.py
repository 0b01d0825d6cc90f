"""The correction kernel against a plain float64 reference."""

from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, PixelLayout, Plane, Planes
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.plane_correction import apply_maps, changes_nothing

FULL, LIMITED = Colour(full_range=True), Colour(full_range=False)


def random_planes(layout: PixelLayout, width: int, height: int, padding: int = 0, seed: int = 0) -> Planes:
    rng = np.random.default_rng(seed)
    shapes = layout.plane_shapes(width, height)
    planes = [rng.integers(0, 1 << layout.bit_depth, (h, w + padding)).astype(layout.dtype)[:, :w] for h, w in shapes]
    return cast(Planes, tuple(planes))


def random_maps(grid_height: int = 5, grid_width: int = 7, seed: int = 1) -> HazeMaps:
    rng = np.random.default_rng(seed)
    transmission = rng.uniform(0.3, 1.0, (grid_height, grid_width)).astype(np.float32)
    airlight = rng.uniform([[[0.5]], [[-0.1]], [[-0.1]]], [[[1.0]], [[0.1]], [[0.1]]]).astype(np.float32)
    return HazeMaps.from_transmission(transmission, airlight, 0.5)


def reference_plane(
    plane: Plane, gain: NDArray[np.float32], offset: NDArray[np.float32], zero: float, span: float
) -> NDArray[np.float64]:
    height, width = plane.shape
    y = np.linspace(0, gain.shape[0] - 1, height) if height > 1 else np.zeros(1)
    x = np.linspace(0, gain.shape[1] - 1, width) if width > 1 else np.zeros(1)

    def bilinear(cells: NDArray[np.float32]) -> NDArray[np.float64]:
        rows = np.stack([np.interp(x, np.arange(cells.shape[1]), row) for row in cells.astype(np.float64)])
        return np.stack([np.interp(y, np.arange(cells.shape[0]), column) for column in rows.T]).T

    value = bilinear(gain) * (plane.astype(np.float64) - zero) / span + bilinear(offset)
    return value * span + zero


def reference(planes: Planes, maps: HazeMaps, layout: PixelLayout, colour: Colour) -> list[NDArray[np.float64]]:
    gain_luma, offset_y, gain_chroma, offset_cb, offset_cr = maps.values
    luma, chroma = colour.luma_levels(layout.bit_depth), colour.chroma_levels(layout.bit_depth)
    largest = (1 << layout.bit_depth) - 1
    darkest = planes[0] - 0.75 * np.maximum(planes[0].astype(np.float64) - luma[0], 0.0)
    bright = luma[0] + 0.85 * luma[1]
    brightest = planes[0] + 0.5 * np.maximum(bright - planes[0].astype(np.float64), 0.0)
    corrected = [
        np.clip(reference_plane(planes[0], gain_luma, offset_y, *luma), darkest, brightest),
        reference_plane(planes[1], gain_chroma, offset_cb, *chroma),
        reference_plane(planes[2], gain_chroma, offset_cr, *chroma),
    ]
    return [np.clip(plane, 0, largest) for plane in corrected]


def empty_like(planes: Planes) -> Planes:
    return cast(Planes, tuple(np.full_like(plane, 77) for plane in planes))


@pytest.mark.parametrize("colour", [FULL, LIMITED], ids=["full", "limited"])
@pytest.mark.parametrize("layout", PIXEL_LAYOUTS.values(), ids=PIXEL_LAYOUTS.keys())
def test_the_kernel_agrees_with_the_reference_to_half_a_code_value(layout: PixelLayout, colour: Colour) -> None:
    planes, maps = random_planes(layout, 61, 43, padding=3), random_maps()
    out = empty_like(planes)
    apply_maps(planes, out, maps, layout, colour)
    for result, expected in zip(out, reference(planes, maps, layout, colour), strict=True):
        assert np.abs(result - expected).max() < 0.51


@settings(max_examples=30, deadline=None)
@given(width=st.integers(1, 70), height=st.integers(1, 40), grid=st.tuples(st.integers(2, 9), st.integers(2, 9)))
def test_any_size_and_grid_is_corrected_to_its_last_pixel(width: int, height: int, grid: tuple[int, int]) -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    planes, maps = random_planes(layout, width, height), random_maps(*grid)
    out = empty_like(planes)
    apply_maps(planes, out, maps, layout, LIMITED)
    for result, expected in zip(out, reference(planes, maps, layout, LIMITED), strict=True):
        assert np.abs(result - expected).max() < 0.51


@pytest.mark.parametrize("bands", [1, 2, 3])
def test_the_number_of_bands_does_not_show_in_the_picture(bands: int) -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    planes, maps = random_planes(layout, 63, 41), random_maps()
    whole, banded = empty_like(planes), empty_like(planes)
    apply_maps(planes, whole, maps, layout, LIMITED)
    apply_maps(planes, banded, maps, layout, LIMITED, bands=bands)
    assert all(np.array_equal(a, b) for a, b in zip(whole, banded, strict=True))


@pytest.mark.parametrize("layout", PIXEL_LAYOUTS.values(), ids=PIXEL_LAYOUTS.keys())
def test_strength_zero_and_identity_maps_return_the_input_bit_for_bit(layout: PixelLayout) -> None:
    planes = random_planes(layout, 63, 41)
    for maps, strength in ((random_maps(), 0.0), (HazeMaps.identity(), 1.0)):
        out = empty_like(planes)
        apply_maps(planes, out, maps, layout, LIMITED, strength)
        assert all(np.array_equal(a, b) for a, b in zip(planes, out, strict=True))


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 1000),
    deviation=st.floats(1e-5, 1e-2),
    layout=st.sampled_from([PIXEL_LAYOUTS["yuv420p"], PIXEL_LAYOUTS["yuv422p10le"]]),
    matrix=st.sampled_from([1, 5]),
)
def test_maps_that_are_said_to_change_nothing_change_nothing(
    seed: int, deviation: float, layout: PixelLayout, matrix: int
) -> None:
    noise = np.random.default_rng(seed).normal(0.0, deviation, (5, 5, 7)).astype(np.float32)
    maps, colour = HazeMaps(HazeMaps.identity(5, 7).values + noise, 0.0), Colour(matrix=matrix)
    planes = random_planes(layout, 63, 41, seed=seed)
    out = empty_like(planes)
    apply_maps(planes, out, maps, layout, colour)
    same = all(np.array_equal(a, b) for a, b in zip(planes, out, strict=True))
    assert same or not changes_nothing(maps, layout, colour)


def test_what_changes_some_sample_is_not_said_to_change_nothing() -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    for plane in range(5):
        values = HazeMaps.identity(5, 7).values
        values[plane, 3, 4] += 0.004
        assert not changes_nothing(HazeMaps(values, 0.0), layout, LIMITED), plane
        assert changes_nothing(HazeMaps(values, 0.0), layout, LIMITED, strength=0.2), plane


def test_pixels_between_haze_free_cells_stay_bit_exact_beside_hazy_ones() -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    transmission = np.ones((4, 5), np.float32)
    transmission[:, 4] = 0.5
    maps = HazeMaps.from_transmission(transmission, np.array([0.8, 0, 0], np.float32).reshape(3, 1, 1), 0.2)
    planes = random_planes(layout, 81, 40)
    out = empty_like(planes)
    apply_maps(planes, out, maps, layout, LIMITED)
    assert np.array_equal(out[0][:, :61], planes[0][:, :61])
    assert not np.array_equal(out[0][:, 65:], planes[0][:, 65:])


def test_half_strength_lies_half_way() -> None:
    layout, maps = PIXEL_LAYOUTS["yuv444p12le"], random_maps()
    planes = random_planes(layout, 50, 40)
    half = empty_like(planes)
    apply_maps(planes, half, maps, layout, LIMITED, 0.5)
    whole = reference(planes, maps, layout, LIMITED)
    for plane, result, corrected in zip(planes, half, whole, strict=True):
        inside = (corrected > 0) & (corrected < 4095)
        assert np.abs(result - (plane + corrected) / 2)[inside].max() < 0.51


@pytest.mark.parametrize("colour", [FULL, LIMITED], ids=["full", "limited"])
def test_every_pixel_keeps_a_quarter_of_its_light_however_dense_the_maps(colour: Colour) -> None:
    layout = PIXEL_LAYOUTS["yuv420p10le"]
    dense = HazeMaps.from_transmission(np.full((4, 5), 0.2, np.float32), np.full((3, 1, 1), 1.0, np.float32), 0.8)
    planes = random_planes(layout, 64, 32)
    out = empty_like(planes)
    apply_maps(planes, out, dense, layout, colour)
    black, _ = colour.luma_levels(10)
    light, left = np.maximum(planes[0] - black, 0), np.maximum(out[0] - black, 0)
    assert (left >= light / 4 - 0.51).all()
    assert np.array_equal(out[0][planes[0] <= black], planes[0][planes[0] <= black])
    assert (left < light / 4 + 0.51).any()


def raised_fivefold() -> tuple[Planes, Planes]:
    """Random planes of 10 bit, and the same with gains of five and no offset."""
    layout, values = PIXEL_LAYOUTS["yuv420p10le"], np.zeros((5, 2, 2), np.float32)
    values[[0, 2]] = 5.0
    planes = random_planes(layout, 64, 32)
    out = empty_like(planes)
    apply_maps(planes, out, HazeMaps(values, 1.0), layout, FULL)
    return planes, out


def test_what_is_bright_gets_no_brighter_and_what_is_darker_stays_darker() -> None:
    planes, out = raised_fivefold()
    bright = planes[0] >= 0.85 * 1023
    assert np.array_equal(out[0][bright], planes[0][bright])
    order = np.argsort(planes[0], axis=None)
    assert (np.diff(out[0].ravel()[order].astype(int)) >= 0).all()
    assert len(np.unique(out[0])) > 0.5 * len(np.unique(planes[0])), "bright things keep their detail"


def test_chroma_saturates_at_the_code_range_instead_of_wrapping() -> None:
    _, out = raised_fivefold()
    assert (out[1].min(), out[1].max()) == (0, 1023)


def test_planes_of_different_size_are_refused() -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    with pytest.raises(ValueError, match="planes differ"):
        apply_maps(random_planes(layout, 8, 8), random_planes(layout, 10, 8), random_maps(), layout, FULL)


def test_padding_between_rows_is_never_written() -> None:
    layout = PIXEL_LAYOUTS["yuv420p"]
    planes = random_planes(layout, 20, 10)
    memory = [np.full((p.shape[0], p.shape[1] + 5), 99, np.uint8) for p in planes]
    out = cast(Planes, tuple(m[:, :-5] for m in memory))
    apply_maps(planes, out, random_maps(), layout, LIMITED)
    assert all((m[:, -5:] == 99).all() for m in memory)
