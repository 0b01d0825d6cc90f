"""Haze maps: bounds, cropping, the scattering model."""

import numpy as np
import pytest

from eid_stream.core.haze_maps import GAIN_LUMA, OFFSET_Y, HazeMaps


def test_maps_of_the_scattering_model_invert_it() -> None:
    clear, airlight, transmission = 0.3, 0.8, 0.4
    hazy = clear * transmission + airlight * (1 - transmission)
    maps = HazeMaps.from_transmission(
        np.full((2, 2), transmission, np.float32), np.array([airlight, 0, 0], np.float32).reshape(3, 1, 1), 0.6
    )
    assert maps.values[GAIN_LUMA, 0, 0] * hazy + maps.values[OFFSET_Y, 0, 0] == pytest.approx(clear, abs=1e-6)
    assert maps.fault() is None


@pytest.mark.parametrize(
    ("channel", "value", "sentence"),
    [
        (0, np.nan, "NaN"),
        (3, np.inf, "NaN or infinity"),
        (0, 7.0, "gains reach"),
        (2, 0.1, "gains"),
        (1, -9.0, "offset"),
    ],
)
def test_unsound_maps_name_their_fault(channel: int, value: float, sentence: str) -> None:
    maps = HazeMaps.identity(3, 4)
    maps.values[channel, 1, 1] = value
    assert sentence in (maps.fault() or "")


def test_a_density_outside_its_range_is_a_fault() -> None:
    assert "density" in (HazeMaps(HazeMaps.identity().values, 1.5).fault() or "")


def test_cropping_keeps_identity_exact_and_a_ramp_straight() -> None:
    ramp = np.zeros((5, 13, 17), np.float32)
    ramp[:] = np.linspace(0, 1, 13, dtype=np.float32)[:, None]
    cropped = HazeMaps(ramp, 0.0).cropped((193, 257), 0, 48, 257, 97)
    first, last = (48 - 0.5) / 192, (48 + 97 - 0.5) / 192
    np.testing.assert_allclose(cropped.values[0, [0, -1], 3], [first, last], atol=1e-6)
    np.testing.assert_allclose(np.diff(cropped.values[0, :, 0], n=2), 0, atol=1e-6)
    identity = HazeMaps.identity(24, 32).cropped((192, 256), 0, 24, 256, 144)
    assert np.array_equal(identity.values, HazeMaps.identity(*identity.grid).values)


def test_a_picture_that_fills_the_canvas_keeps_its_maps() -> None:
    maps = HazeMaps.identity(5, 5)
    assert maps.cropped((192, 256), 0, 0, 256, 192) is maps
