from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training.data.camera import Camera
from training.data.views import View
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.network.correction import apply_maps
from training.network.student import maps_of
from training.smoke import smoky_view as smoke
from training.smoke.smoky_view import SmokyView, clear_view, smoky_view
from training.smoke.veil_bank import Take

Array = NDArray[np.float32]


@pytest.fixture
def plain_camera() -> Iterator[None]:
    """Neither softness, nor grain, nor compression, nor light that goes astray."""
    camera = Camera(softness=0.0, defocus=0.0, grain=None, quality=None)
    with patch.object(smoke, "draw_camera", lambda _: camera), patch.object(smoke, "ASTRAY", (-1.0, -0.5)):
        yield


def _shown(rgb: Array, transmission: Array, *, relief: float = 0.0, headroom: float = 0.0, seed: int = 0) -> SmokyView:
    """A view behind a grey veil."""
    airlight, content = np.full((1, 3, 192, 256), 0.8, np.float32), np.ones((1, 192, 256), np.float32)
    take = Take(transmission[None], airlight, tint=0.0, relief=relief, headroom=headroom)
    return smoky_view(View(rgb, content), take, np.random.default_rng(seed))


def _grey(level: float) -> Array:
    return np.full((3, 192, 256), level, np.float32)


def _even(level: float) -> Array:
    return np.full((192, 256), level, np.float32)


@pytest.mark.usefixtures("plain_camera")
def test_the_veil_that_is_told_takes_the_smoke_away_also_where_the_scene_was_darker_behind_it() -> None:
    darker = 0
    for seed in range(24):
        with patch.object(smoke, "NOISE_BEHIND", 0.0), patch.object(smoke, "DARKER_TONES", (1.0, 1.0)):
            shown = _shown(_grey(0.4), _even(0.6), seed=seed)
        if not shown.known:
            continue
        veil = torch.from_numpy(shown.veil)[None]
        maps = maps_of(veil[:, :1].expand(-1, 2, -1, -1), convert(veil[:, 1:], rgb_to_ycbcr(1)))
        hazy = convert(torch.from_numpy(shown.hazy)[None], rgb_to_ycbcr(1))
        cleared = convert(apply_maps(hazy, maps), ycbcr_to_rgb(1))[0]
        torch.testing.assert_close(cleared, torch.from_numpy(shown.clear), atol=2e-3, rtol=0.0)
        darker += bool(veil[0, 0].mean() > 0.41)
    assert darker > 5


@pytest.mark.usefixtures("plain_camera")
def test_an_exposure_that_reacts_darkens_the_truth_alike_and_never_below_half() -> None:
    means = [float(_shown(_grey(0.3), _even(0.3), seed=seed).clear.mean()) for seed in range(40)]
    assert min(means) >= 0.149
    assert 0.2 < np.mean([mean < 0.295 for mean in means]) < 0.6


@pytest.mark.usefixtures("plain_camera")
def test_relief_leaves_less_smoke_before_what_is_near_and_bright() -> None:
    rgb = _grey(0.1)
    rgb[:, :, :128] = 0.6
    with patch.object(smoke, "DARKENED_SHARE", 0.0):
        flat, deep = (_shown(rgb, _even(0.5), relief=relief).veil[0] for relief in (0.0, 0.8))
    np.testing.assert_allclose(flat, 0.5, atol=1e-5)
    assert deep[:, :12].mean() < 0.45
    assert deep[:, 20:].mean() > 0.55


@pytest.mark.usefixtures("plain_camera")
def test_headroom_lets_highlights_outshine_smoke_and_changes_nothing_else() -> None:
    rgb = _grey(0.4)
    rgb[:, 80:112, 112:144] = 0.95
    plain, bright = (_shown(rgb, _even(0.5), headroom=headroom).hazy[0] for headroom in (0.0, 1.0))
    assert (bright - plain)[84:108, 116:140].min() > 0.03
    np.testing.assert_array_equal(bright[:, :96], plain[:, :96])


@pytest.mark.usefixtures("plain_camera")
def test_clear_air_round_a_puff_stays_as_it_is() -> None:
    rgb = np.random.default_rng(3).random((3, 192, 256), np.float32)
    transmission = _even(1.0)
    transmission[:, :64] = 0.5
    shown = _shown(rgb, transmission, headroom=2.0)
    np.testing.assert_array_equal(shown.hazy[..., 64:], shown.clear[..., 64:])
    assert not np.array_equal(shown.hazy[..., :64], shown.clear[..., :64])


def test_smoke_is_no_darker_than_the_tissue_that_it_is_seen_before() -> None:
    airlight = np.full((1, 3, 192, 256), 0.2, np.float32)
    take = Take(_even(0.05)[None], airlight, tint=0.0, relief=0.0, headroom=0.0)
    shown = smoky_view(View(_grey(0.6), np.ones((1, 192, 256), np.float32)), take, np.random.default_rng(0))
    assert shown.veil[1:].mean() > 0.4


def test_smoky_and_clear_views_come_through_the_same_cameras() -> None:
    """Nothing but smoke may tell smoke: noise, blur and codec are those of clear views, too."""
    textured = np.random.default_rng(2).random((3, 192, 256), np.float32)
    view = View(textured, np.ones((1, 192, 256), np.float32))
    for seed in range(6):
        clear = clear_view(view, np.random.default_rng(seed)).rgb
        take = Take(_even(1.0)[None], _grey(0.8)[None], tint=0.0, relief=0.0, headroom=0.0)
        smoky = smoky_view(view, take, np.random.default_rng(seed)).hazy
        np.testing.assert_allclose(clear, smoky, atol=1e-6)
