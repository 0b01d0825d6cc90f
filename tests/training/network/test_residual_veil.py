"""The veil that a network leaves is measured by how dark the scene's darker parts get."""

import pytest
import torch
from torch import Tensor

from training.network.residual_veil import CLEAR, DIMMER, HAZE_ALL_OVER, PALE, UNSEEN, ResidualVeil

AIRLIGHT = torch.tensor([0.8, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 24, 32)
EVERYWHERE = torch.ones(1, 1, 24, 32)


def tissue() -> Tensor:
    """The dark channel of a clear scene: every third column nearly dark, the others paler."""
    dark = torch.full((1, 1, 24, 32), 0.25)
    dark[..., ::3] = CLEAR
    return dark


def behind(haze: float, dark: Tensor) -> Tensor:
    return (1.0 - haze) * dark + haze * 0.8


def cleared(seen: float, dark: Tensor, content: Tensor = EVERYWHERE) -> Tensor:
    """Opacity of luma and chroma where a network sees ``seen`` everywhere."""
    opacity: Tensor
    opacity, light = ResidualVeil()(torch.full((1, 2, 24, 32), seen), AIRLIGHT, dark, content)
    assert torch.all((light[:, 0] <= 0.8) & (light[:, 0] >= DIMMER * 0.8))
    return opacity


def test_haze_all_over_that_was_seen_as_half_of_what_it_is_is_taken_as_what_it_is() -> None:
    opacity = cleared(0.2, behind(0.4, tissue()))
    torch.testing.assert_close(opacity[:, 0], torch.full((1, 24, 32), 0.4), atol=0.03, rtol=0.0)
    torch.testing.assert_close(opacity[:, 1], torch.full((1, 24, 32), 0.2))


@pytest.mark.parametrize(
    ("seen", "dark"),
    [(HAZE_ALL_OVER[0] / (1.0 + UNSEEN), behind(0.4, tissue())), (0.2, behind(0.18, tissue()))],
    ids=["too little is seen as hazy, however pale", "nothing is left"],
)
def test_opacity_stays_as_it_is_seen_where(seen: float, dark: Tensor) -> None:
    torch.testing.assert_close(cleared(seen, dark), torch.full((1, 2, 24, 32), seen), atol=1e-4, rtol=0.0)


def test_what_is_beside_the_scene_tells_nothing_of_it() -> None:
    inside = EVERYWHERE.clone()
    inside[..., :8] = 0.0
    dark = behind(0.4, tissue())
    alone = cleared(0.2, dark, inside)
    torch.testing.assert_close(cleared(0.2, torch.where(inside > 0, dark, 0.0), inside), alone)
    torch.testing.assert_close(alone[..., 8:], cleared(0.2, dark)[..., 8:], atol=0.02, rtol=0.0)


def test_a_pale_part_of_the_scene_is_not_taken_for_more_haze_than_the_scene_allows() -> None:
    dark = torch.full((1, 1, 24, 32), CLEAR)
    dark[:, :, :12] = 0.6
    added = cleared(0.2, behind(0.3, dark))[0, 0] - 0.2
    below, above = added[-1].mean(), added[0].mean()
    assert 0.05 < below < 0.15
    assert 1.5 * below < above < 1.25 * PALE * below
