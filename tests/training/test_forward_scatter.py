"""Light that haze all over scatters from the surroundings is taken away like one more veil."""

import pytest
import torch
from torch import Tensor

from eid_stream.haze_maps import GAIN_CHROMA, GAIN_LUMA, OFFSET_Y
from training.forward_scatter import DIMMER, SHARE, without_forward_scatter
from training.student import maps_of

AIRLIGHT = torch.tensor([0.8, 0.02, -0.02]).reshape(1, 3, 1, 1).expand(1, 3, 24, 32)
EVERYWHERE = torch.ones(1, 1, 24, 32)


def maps_for(scene: Tensor, haze: Tensor, content: Tensor = EVERYWHERE) -> Tensor:
    """Haze maps of an even scene's cells (1, 1, 24, 32) behind haze that is known."""
    hazy = (1.0 - haze) * scene + haze * 0.8
    return maps_of(*without_forward_scatter(haze.repeat(1, 2, 1, 1), AIRLIGHT, hazy, content))


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


def test_what_is_beside_the_scene_lights_nothing() -> None:
    inside = EVERYWHERE.clone()
    inside[..., :8] = 0.0
    beside = torch.where(inside > 0, scene(0.3), 0.0)
    alone = maps_for(beside, known(0.5), inside)[..., 8:]
    torch.testing.assert_close(alone, maps_for(scene(0.3), known(0.5))[..., 8:], atol=2e-3, rtol=0.0)
