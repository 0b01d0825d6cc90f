import numpy as np
import torch

from training.data.camera import MOST_GRAIN, draw_camera


def _grey(count: int) -> torch.Tensor:
    return torch.full((count, 3, 48, 64), 0.5)


def test_grain_is_added_to_smoky_and_clear_pictures_alike() -> None:
    content = torch.ones(40, 1, 48, 64)
    camera = draw_camera(40, (48, 64), np.random.default_rng(0))
    dark, bright = (camera(level * _grey(40), content).std((1, 2, 3)) for level in (0.8, 1.2))
    torch.testing.assert_close(dark, bright, atol=1e-4, rtol=1e-3)
    assert float(dark.min()) < 1e-5
    assert 0.7 * MOST_GRAIN < float(dark.max()) < 1.5 * MOST_GRAIN


def test_some_cameras_soften_and_some_sharpen() -> None:
    stripes = _grey(40)
    stripes[..., ::2] = 0.6
    camera = draw_camera(40, (48, 64), np.random.default_rng(1))
    shown = camera(stripes, torch.ones(40, 1, 48, 64))
    contrast = (shown[..., ::2].mean((1, 2, 3)) - shown[..., 1::2].mean((1, 2, 3))) / 0.1
    assert float(contrast.min()) < 0.7
    assert float(contrast.max()) > 1.1


def test_what_surrounds_the_scene_stays_as_it_was() -> None:
    content = torch.zeros(4, 1, 48, 64)
    content[..., 8:40, 8:56] = 1.0
    pictures = torch.rand(4, 3, 48, 64) * content
    shown = draw_camera(4, (48, 64), np.random.default_rng(2))(pictures, content)
    assert torch.equal(shown * (1.0 - content), torch.zeros_like(shown))
    assert not torch.equal(shown, pictures)


def test_half_of_the_pictures_have_lost_the_grain_they_had() -> None:
    content = torch.ones(80, 1, 48, 64)
    grainy = _grey(80) + 0.02 * torch.randn(80, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    shown = draw_camera(80, (48, 64), np.random.default_rng(3))(grainy, content)
    smooth = float((shown.std((1, 2, 3)) < 0.015).float().mean())
    assert 0.4 < smooth < 0.85
