import numpy as np
import pytest
import torch

from eid_stream.thumbnail import fit
from tests.training.conftest import scene
from training.colour_torch import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.picture_cache import make_picture
from training.smoky_batch import BatchMaker
from training.veil_bank import VeilBank
from training.views import plain_view, random_view


def _maker(seed: int) -> BatchMaker:
    pictures = [make_picture(scene("clear", n), kind="clear") for n in range(3)]
    return BatchMaker(pictures=pictures, veils=VeilBank(count=4, seed=1), seed=seed)


def test_rendered_smoke_veils_the_scene_and_leaves_the_border_alone() -> None:
    batch = _maker(0).rendered(4, moments=2)
    outside = (batch.content == 0).expand_as(batch.clear)
    assert torch.equal(batch.hazy[0][outside], batch.clear[outside])
    assert float(batch.density.mean()) > 0.02
    assert not torch.equal(batch.hazy[0], batch.hazy[1])
    assert float(batch.hazy.min()) >= 0.0
    assert float(batch.hazy.max()) <= 1.0


def test_the_same_seed_draws_the_same_batch() -> None:
    assert torch.equal(_maker(5).rendered(2).hazy, _maker(5).rendered(2).hazy)


def test_a_plain_view_lies_where_the_runtime_would_put_the_frame() -> None:
    picture = make_picture(np.full((90, 160, 3), 0.5, np.float32))
    area = fit(160, 90, 256, 192)
    lit = plain_view(picture).rgb[0] > 0.4
    assert (area.top, area.top + area.height) == (lit.argmax(axis=0)[0], 192 - lit[::-1].argmax(axis=0)[0])
    assert random_view(picture, np.random.default_rng(0)).rgb.shape == (3, 192, 256)


@pytest.mark.parametrize("matrix", [1, 6])
def test_colours_return_from_ycbcr(matrix: int) -> None:
    rgb = torch.rand(1, 3, 4, 4)
    ycbcr = convert(rgb, rgb_to_ycbcr(matrix))
    torch.testing.assert_close(convert(ycbcr, ycbcr_to_rgb(matrix)), rgb)
    white = convert(torch.ones(1, 3, 1, 1), rgb_to_ycbcr(matrix)).flatten()
    torch.testing.assert_close(white, torch.tensor([1.0, 0.0, 0.0]))
