import numpy as np
import pytest
import torch

from eid_stream.core.errors import ConfigError
from eid_stream.core.thumbnail import fit
from tests.training.conftest import scene
from training.data.picture_cache import make_picture
from training.data.views import plain_view
from training.network.colour import convert, rgb_to_ycbcr, ycbcr_to_rgb
from training.smoke.veil_bank import VeilBank
from training.student.batch import BatchMaker, BatchSizes

SIZES = BatchSizes(rendered=3, clear=2, hazy=2, witnesses=0)


@pytest.fixture(scope="module")
def maker() -> BatchMaker:
    pictures = [make_picture(scene(name, n), kind=kind) for n in range(3) for name, kind in KINDS.items()]
    return BatchMaker(pictures=pictures, veils=VeilBank(count=2, seed=1), seed=0)


KINDS = {"clear": "clear", "smoky": "hazy"}


def test_the_same_step_draws_the_same_batch_whatever_was_drawn_before(maker: BatchMaker) -> None:
    first, other, again = (maker.draw(step, SIZES) for step in (5, 6, 5))
    assert torch.equal(first.rendered.hazy, again.rendered.hazy)
    assert torch.equal(first.hazy.changed, again.hazy.changed)
    assert not torch.equal(first.rendered.hazy, other.rendered.hazy)


def test_a_batch_holds_pictures_in_range_and_smoke_in_some(maker: BatchMaker) -> None:
    batch = maker.draw(1, SIZES)
    for rgb in (batch.rendered.hazy, batch.rendered.clear, batch.clear.rgb, batch.hazy.rgb, batch.hazy.changed):
        assert float(rgb.min()) >= 0.0
        assert float(rgb.max()) <= 1.0
    assert float(batch.rendered.veil[:, 0].mean()) > 0.02


def test_the_student_sees_real_smoke_changed_and_its_teacher_as_it_is(maker: BatchMaker) -> None:
    hazy = maker.draw(2, SIZES).hazy
    outside = (hazy.content == 0).expand_as(hazy.rgb)
    assert torch.equal(hazy.rgb[outside], hazy.changed[outside])
    assert float((hazy.rgb - hazy.changed).abs().mean()) > 0.02


def test_small_pictures_show_the_same_and_are_four_times_as_many(maker: BatchMaker) -> None:
    sizes = SIZES.while_small()
    batch = maker.draw(3, sizes, shrink=2)
    assert batch.rendered.hazy.shape == (12, 3, 96, 128)
    assert batch.rendered.veil.shape == (12, 4, 12, 16)
    assert batch.hazy.changed.shape == (8, 3, 96, 128)
    assert batch.hazy.label.shape == (8, 2, 12, 16)


def test_a_step_without_clear_pictures_is_refused() -> None:
    with pytest.raises(ConfigError, match="'clear'"):
        BatchSizes(clear=0)


def test_a_plain_view_lies_where_the_runtime_would_put_the_frame() -> None:
    picture = make_picture(np.full((90, 160, 3), 0.5, np.float32))
    area = fit(160, 90, 256, 192)
    lit = plain_view(picture).rgb[0] > 0.4
    assert (area.top, area.top + area.height) == (lit.argmax(axis=0)[0], 192 - lit[::-1].argmax(axis=0)[0])


@pytest.mark.parametrize("matrix", [1, 6])
def test_colours_return_from_ycbcr(matrix: int) -> None:
    rgb = torch.rand(1, 3, 4, 4)
    ycbcr = convert(rgb, rgb_to_ycbcr(matrix))
    torch.testing.assert_close(convert(ycbcr, ycbcr_to_rgb(matrix)), rgb)
    white = convert(torch.ones(1, 3, 1, 1), rgb_to_ycbcr(matrix)).flatten()
    torch.testing.assert_close(white, torch.tensor([1.0, 0.0, 0.0]))
