from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.data.moving_scene import WIDTH, anatomy, seen_at, veiled, write, write_clip
from training.data.clip_moments import ClipMomentPool, find_moments
from training.data.clip_pairs import ClipPairPool, stack_pairs, warp
from training.student.mean_teacher import TURNS


@pytest.fixture(scope="module")
def thickening_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "thickening.mp4", lambda number: 0.075 * max(0, number - 5))


def test_a_view_through_smoke_is_aligned_with_the_clearest_one_nearby(thickening_clip: Path) -> None:
    pool = ClipMomentPool([thickening_clip], seed=0, limit=3)
    moments = pool.draw(16)
    assert len(pool) == 3
    assert (moments.first.amin(1).mean((1, 2)) > 1.15 * moments.second.amin(1).mean((1, 2))).all()
    # Both views lose their veils by arithmetic: an opacity for each, from means, must be all that was between them.
    inside = moments.valid > 0
    for first, second, valid in zip(moments.first, warp(moments.second, moments.way), inside, strict=True):
        hazy, clear = (picture[:, valid[0]] for picture in (first, second))
        gain = clear.std(dim=1, keepdim=True) / hazy.std(dim=1, keepdim=True)
        lifted = (hazy - hazy.mean(1, keepdim=True)) * gain + clear.mean(1, keepdim=True)
        assert valid.float().mean() > 0.5
        assert (lifted - clear).abs().mean() < 0.03
        assert (lifted - clear.flip(1)).abs().mean() > 0.08, "a wrong alignment is told from a right one"


def test_pairs_are_drawn_in_every_turn_of_the_canvas_and_in_other_colours(thickening_clip: Path) -> None:
    pool = ClipMomentPool([thickening_clip], seed=0, limit=1)
    plain = stack_pairs(pool.pairs).first
    turned = torch.stack([plain.flip(turn).flatten() for turn in TURNS])
    drawn = pool.draw(24).first.flatten(1)
    likeness = torch.corrcoef(torch.cat([drawn, turned]))[: len(drawn), len(drawn) :]
    assert (likeness.amax(1) > 0.8).all()
    assert set(likeness.argmax(1).tolist()) == set(range(len(TURNS)))
    assert len({round(float(mean), 3) for mean in drawn.mean(1)}) > 12


def test_a_clip_that_stays_clear_has_no_witnesses(tmp_path: Path) -> None:
    assert not list(find_moments(write_clip(tmp_path / "clear.mp4", lambda _: 0.0)))


def test_no_witness_is_called_from_the_other_side_of_a_cut(tmp_path: Path) -> None:
    """Clear, then smoky and lit from the other side: the texture could be aligned, but it is another shot."""
    scene, light = anatomy(1), np.linspace(0.05, 1.0, WIDTH, dtype=np.float32)[None, :, None]
    frames = [seen_at(scene, n) * light for n in range(5)]
    frames += [veiled(seen_at(scene, n) * light[:, ::-1], 0.6) for n in range(5)]
    assert not list(find_moments(write(tmp_path / "cut.mp4", frames)))


def test_a_black_frame_parts_two_shots_and_is_nobodys_witness(tmp_path: Path) -> None:
    scene, black = anatomy(3), [np.zeros((192, 256, 3), np.float32)] * 2
    frames = [*black, *(seen_at(scene, n) for n in range(4)), *black]
    frames += [veiled(seen_at(scene, n), 0.6) for n in range(4)]
    assert not list(find_moments(write(tmp_path / "black.mp4", frames)))


def test_what_is_drawn_at_a_step_does_not_depend_on_what_was_drawn_before(thickening_clip: Path) -> None:
    for pool in (ClipMomentPool([thickening_clip], seed=3), ClipPairPool([thickening_clip], stride=2, seed=3)):
        pool.restart(7)
        before, other = pool.draw(6), pool.draw(6)
        pool.restart(7)
        assert pool.draw(6).first.equal(before.first)
        assert not other.first.equal(before.first)
