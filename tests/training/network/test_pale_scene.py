"""What stays pale without the haze that is seen in it is left as it is."""

import pytest
import torch
from torch import Tensor

from training.network.pale_scene import haze_unless_pale

AIRLIGHT = torch.tensor([0.8, 0.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 24, 32)
EVERYWHERE = torch.ones(1, 1, 24, 32)


def behind(haze: float, dark: float) -> Tensor:
    """The dark channel of a scene where the left half is hazy, and all of it as dark as given without."""
    picture = torch.full((1, 1, 24, 32), dark)
    picture[..., :16] = (1.0 - haze) * dark + haze * 0.8
    return picture


def seen(haze: float) -> Tensor:
    """Opacity of luma and chroma as a network sees it: in the left half."""
    opacity = torch.zeros(1, 2, 24, 32)
    opacity[..., :16] = haze
    return opacity


@pytest.mark.parametrize(("haze", "dark"), [(0.3, 0.05), (0.3, 0.25), (0.7, 0.5)], ids=["tissue", "pale", "dense"])
def test_haze_is_believed_over(haze: float, dark: float) -> None:
    torch.testing.assert_close(haze_unless_pale(seen(haze), AIRLIGHT, behind(haze, dark), EVERYWHERE), seen(haze))


def test_haze_that_leaves_the_scene_white_is_none() -> None:
    assert not haze_unless_pale(seen(0.3), AIRLIGHT, behind(0.3, 0.5), EVERYWHERE).any()


def test_what_is_white_beside_the_haze_or_beside_the_scene_does_not_matter() -> None:
    beside = behind(0.3, 0.05)
    beside[..., 16:] = 0.9
    torch.testing.assert_close(haze_unless_pale(seen(0.3), AIRLIGHT, beside, EVERYWHERE), seen(0.3))
    inside = EVERYWHERE.clone()
    inside[..., :8] = 0.0
    beside[..., :8] = 0.9
    torch.testing.assert_close(haze_unless_pale(seen(0.3), AIRLIGHT, beside, inside), seen(0.3))


def test_each_picture_is_judged_by_itself() -> None:
    both = haze_unless_pale(
        seen(0.3).repeat(2, 1, 1, 1),
        AIRLIGHT.repeat(2, 1, 1, 1),
        torch.cat([behind(0.3, 0.5), behind(0.3, 0.05)]),
        EVERYWHERE.repeat(2, 1, 1, 1),
    )
    torch.testing.assert_close(both, torch.cat([torch.zeros_like(seen(0.3)), seen(0.3)]))
