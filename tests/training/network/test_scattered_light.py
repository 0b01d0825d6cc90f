"""Light that haze all over scatters from the surroundings is taken away like one more veil."""

import pytest
import torch
from torch import Tensor

from eid_stream.core.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_Y
from training.network.scattered_light import DIMMER, SHARE, without_forward_scatter
from training.network.student import maps_of

AIRLIGHT = torch.tensor([0.8, 0.02, -0.02]).reshape(1, 3, 1, 1).expand(1, 3, 24, 32)
EVERYWHERE = torch.ones(1, 1, 24, 32)


def maps_for(scene: Tensor, haze: Tensor) -> Tensor:
    """Haze maps of a scene's cells (1, 1, 24, 32) behind haze that is known."""
    hazy = (1.0 - haze) * scene + haze * 0.8
    return maps_of(*without_forward_scatter(haze.repeat(1, 2, 1, 1), AIRLIGHT, hazy, EVERYWHERE))


def known(haze: float) -> Tensor:
    return torch.full((1, 1, 24, 32), haze)


def scene(luma: float) -> Tensor:
    return torch.full((1, 1, 24, 32), luma)


def test_haze_all_over_took_contrast_from_luma_and_next_to_no_light() -> None:
    maps = maps_for(scene(0.3), known(0.5))
    torch.testing.assert_close(maps[:, GAIN_LUMA], known(2.0 / (1.0 - SHARE))[:, 0])
    torch.testing.assert_close(maps[:, GAIN_CHROMA], known(2.0)[:, 0])
    shown = maps[:, GAIN_LUMA] * 0.55 + maps[:, OFFSET_Y]
    brighter = 0.3 * (1.0 - SHARE * DIMMER) / (1.0 - SHARE)
    torch.testing.assert_close(shown, torch.full_like(shown, brighter), atol=1e-3, rtol=0.0)


@pytest.mark.parametrize(("luma", "haze"), [(0.3, 0.1), (0.95, 0.5)], ids=["thin haze", "highlights"])
def test_no_contrast_is_added_to(luma: float, haze: float) -> None:
    torch.testing.assert_close(maps_for(scene(luma), known(haze))[:, GAIN_LUMA], known(1.0 / (1.0 - haze))[:, 0])


def test_a_clear_cell_of_a_hazy_scene_stays_as_it_is() -> None:
    haze = known(0.5)
    haze[..., :8, :] = 0.0
    torch.testing.assert_close(maps_for(scene(0.3), haze)[:, GAIN_LUMA, :8], torch.ones(1, 8, 32))


def test_light_comes_from_the_cells_around() -> None:
    spot = scene(0.3)
    spot[..., 12, 16] = 0.5
    taken = maps_for(scene(0.3), known(0.5))[0, OFFSET_Y] - maps_for(spot, known(0.5))[0, OFFSET_Y]
    lit = torch.zeros(24, 32, dtype=torch.bool)
    lit[11:14, 15:18] = True
    assert torch.all(taken[lit] > 1e-3)
    assert torch.all(taken[~lit].abs() < 1e-5)


@pytest.mark.parametrize(("hazy", "light"), [(0.64, DIMMER), (0.0, 0.0)], ids=["white", "black"])
def test_light_is_no_more_than_that_of(hazy: float, light: float) -> None:
    _, airlight = without_forward_scatter(known(0.7).repeat(1, 2, 1, 1), 0.5 * AIRLIGHT, scene(hazy), EVERYWHERE)
    added = (1.0 - 0.7) * SHARE
    expected = (0.7 * 0.4 + added * light) / (0.7 + added)
    torch.testing.assert_close(airlight[:, 0], torch.full((1, 24, 32), expected), atol=1e-3, rtol=0.0)


def test_what_is_beside_the_scene_lights_nothing_and_tells_nothing_of_its_haze() -> None:
    inside = EVERYWHERE.clone()
    inside[..., :8], inside[..., 8] = 0.0, 0.5
    haze = torch.where(inside > 0, known(0.25), 0.0)
    hazy = inside * (0.75 * 0.3 + 0.25 * 0.8)
    alone = maps_of(*without_forward_scatter(haze.repeat(1, 2, 1, 1), AIRLIGHT, hazy, inside))[..., 8:]
    torch.testing.assert_close(alone, maps_for(scene(0.3), known(0.25))[..., 8:], atol=2e-3, rtol=0.0)
