import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from eid_stream.core.thumbnail import fit
from tests.training.conftest import scene
from training.data.picture_cache import make_picture
from training.data.views import View, plain_view, random_view
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.smoke.veil_bank import Take, VeilBank
from training.student.smoky_batch import BatchMaker, RenderedBatch, smoke_over


@pytest.fixture(scope="module")
def maker() -> BatchMaker:
    pictures = [make_picture(scene("clear", n), kind="clear") for n in range(3)]
    return BatchMaker(pictures=pictures, veils=VeilBank(count=2, seed=1), seed=0)


def test_rendered_smoke_veils_the_scene_and_leaves_the_border_alone(maker: BatchMaker) -> None:
    batch = maker.rendered(4, moments=2)
    outside = (batch.content == 0).expand_as(batch.clear)
    assert torch.equal(batch.hazy[0][outside], batch.clear[outside])
    assert float(batch.density.mean()) > 0.02
    assert not torch.equal(batch.hazy[0], batch.hazy[1])
    assert float(batch.hazy.min()) >= 0.0
    assert float(batch.hazy.max()) <= 1.0


def test_the_same_step_draws_the_same_batch_whatever_was_drawn_before(maker: BatchMaker) -> None:
    batches = []
    for step in (5, 6, 5):
        maker.restart(step)
        batches.append(maker.rendered(2).hazy)
    assert torch.equal(batches[0], batches[2])
    assert not torch.equal(batches[0], batches[1])


def test_a_clear_picture_that_is_taken_for_smoke_is_shown_the_more_often() -> None:
    """Of a dark and a bright picture the bright one is mistaken; as clear pictures are dark or bright, so are views."""
    dark, bright = (make_picture(np.full((96, 128, 3), level, np.float32), kind="clear") for level in (0.2, 0.6))
    maker = BatchMaker(pictures=[dark, bright], veils=None, seed=0)

    def bright_share() -> float:
        return float((maker.real("clear", 60).rgb.mean((1, 2, 3)) > 0.4).float().mean())

    before = bright_share()
    maker.insist_on(lambda shown: 0.5 * float(shown.rgb.mean() > 0.4))
    assert bright_share() > before + 0.15


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


def _smoke_over(
    rgb: NDArray[np.float32], transmission: NDArray[np.float32], *, relief: float = 0.0, headroom: float = 0.0
) -> RenderedBatch:
    """A picture behind a grey veil, always with the same grain."""
    airlight, content = np.full((1, 3, 192, 256), 0.8, np.float32), np.ones((1, 192, 256), np.float32)
    take = Take(transmission[None], airlight, tint=0.0, relief=relief, headroom=headroom)
    return smoke_over([View(rgb, content)], [take], np.random.default_rng(0))


def test_relief_leaves_less_smoke_before_what_is_near_and_bright() -> None:
    rgb = np.full((3, 192, 256), 0.1, np.float32)
    rgb[:, :, :128] = 0.6
    even = np.full((192, 256), 0.5, np.float32)
    flat, deep = (_smoke_over(rgb, even, relief=relief).veil[0, 0] for relief in (0.0, 0.8))
    torch.testing.assert_close(flat, torch.full_like(flat, 0.5))
    assert float(deep[:, :12].mean()) < 0.45
    assert float(deep[:, 20:].mean()) > 0.55


def test_headroom_lets_highlights_outshine_smoke_and_changes_nothing_else() -> None:
    rgb = np.full((3, 192, 256), 0.4, np.float32)
    rgb[:, 80:112, 112:144] = 0.95
    transmission = np.full((192, 256), 0.5, np.float32)
    plain, bright = (_smoke_over(rgb, transmission, headroom=headroom).hazy[0, 0] for headroom in (0.0, 1.0))
    assert float((bright - plain)[:, 84:108, 116:140].min()) > 0.04
    torch.testing.assert_close(bright[:, :, :96], plain[:, :, :96])


def test_highlights_in_the_clear_air_round_a_puff_stay_as_they_are() -> None:
    rgb = np.full((3, 192, 256), 0.4, np.float32)
    rgb[:, 80:112, :] = 0.9
    transmission = np.ones((192, 256), np.float32)
    transmission[:, :64] = 0.5
    batch = _smoke_over(rgb, transmission, headroom=2.0)
    assert torch.equal(batch.hazy[0][..., 64:], batch.clear[..., 64:])
    assert not torch.equal(batch.hazy[0][..., :64], batch.clear[..., :64])
