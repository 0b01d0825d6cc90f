"""Two veils, one before the other, are one."""

import pytest
import torch
from torch import Tensor

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_Y, T_MIN
from training.network.student import maps_of
from training.network.veil_composition import with_veil

AIRLIGHT = torch.tensor([0.8, 0.02, -0.02]).reshape(1, 3, 1, 1)
LIGHT = torch.tensor(0.5).reshape(1, 1, 1, 1)


def opacities(*values: float) -> Tensor:
    return torch.tensor(values).reshape(1, -1, 1, 1)


def corrected(hazy: float, opacity: Tensor, airlight: Tensor) -> Tensor:
    maps = maps_of(opacity, airlight)
    return maps[:, GAIN_LUMA] * hazy + maps[:, OFFSET_Y]


@pytest.mark.parametrize(
    "seen", [opacities(0.4, 0.3), opacities(0.4, 0.3, 0.2)], ids=["physical", "with the veil apart"]
)
def test_luma_comes_out_as_if_one_veil_were_taken_away_after_the_other(seen: Tensor) -> None:
    behind_first = corrected(0.6, seen, AIRLIGHT)
    behind_both = (behind_first - 0.3 * LIGHT[0]) / 0.7
    both = with_veil(seen, AIRLIGHT, opacities(0.3), LIGHT)
    torch.testing.assert_close(corrected(0.6, *both), behind_both, atol=1e-5, rtol=0.0)


def test_chroma_keeps_its_opacity_and_colour() -> None:
    seen = opacities(0.4, 0.3)
    both, airlight = with_veil(seen, AIRLIGHT, opacities(0.3), LIGHT)
    assert torch.equal(maps_of(both, airlight)[:, GAIN_CHROMA:], maps_of(seen, AIRLIGHT)[:, GAIN_CHROMA:])


def test_no_more_is_added_than_opacity_may_be() -> None:
    seen = opacities(1.0 - T_MIN, 0.3)
    both, airlight = with_veil(seen, AIRLIGHT, opacities(0.3), LIGHT)
    torch.testing.assert_close(both, seen)
    torch.testing.assert_close(airlight, AIRLIGHT)
