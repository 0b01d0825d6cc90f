"""What counts as haze of what is seen."""

import pytest
import torch

from training.network.opacity import (
    ALL_OVER,
    CHROMA_SHARE,
    DENSE,
    HAZY_SCENE,
    SLIGHT_IN_CLEAR,
    SLIGHT_IN_HAZE,
    UNDERSTATED,
    muted,
    opacity_as_probability,
    opacity_of,
)

CLEAR, HAZY = 0.5 * HAZY_SCENE[0], ALL_OVER[0]


@pytest.mark.parametrize(
    ("scene", "seen", "counted"),
    [
        (CLEAR, 0.9 * SLIGHT_IN_CLEAR[0], 0.0),
        (CLEAR, SLIGHT_IN_CLEAR[1], SLIGHT_IN_CLEAR[1]),
        (HAZY, 0.9 * SLIGHT_IN_HAZE[0], 0.0),
        (HAZY, SLIGHT_IN_HAZE[1], SLIGHT_IN_HAZE[1]),
        (HAZY, 0.5, 0.5),
    ],
)
def test_slight_opacity_counts_as_none_and_more_of_it_in_full(scene: float, seen: float, counted: float) -> None:
    """One cell shows ``seen``, the others what makes the scene as hazy on the whole."""
    opacity = torch.full((1, 2, 24, 32), scene)
    opacity[..., 0, 0] = seen
    found = opacity_of(torch.logit(opacity_as_probability(opacity)), torch.ones(1, 1, 24, 32))
    torch.testing.assert_close(found[..., 0, 0], torch.full((1, 2), counted), atol=1e-3, rtol=0.0)


def test_the_same_slight_opacity_counts_for_more_in_a_hazier_scene_and_black_is_no_scene() -> None:
    logits = torch.logit(opacity_as_probability(torch.full((1, 2, 24, 32), 0.04)))
    logits[..., 0, 0] = torch.logit(opacity_as_probability(torch.tensor(0.15)))
    hazy_half = logits.clone()
    hazy_half[..., 12:, :] = 2.0
    everywhere, upper = torch.ones(1, 1, 24, 32), torch.ones(1, 1, 24, 32)
    upper[..., 12:, :] = 0.0
    alone, in_haze, beside_black = (
        float(opacity_of(which, content)[0, 0, 0, 0])
        for which, content in ((logits, everywhere), (hazy_half, everywhere), (hazy_half, upper))
    )
    assert 0.0 < alone < in_haze
    assert beside_black == pytest.approx(alone)


@pytest.mark.parametrize(("seen", "counted"), [(0.5, 0.5 * UNDERSTATED), (0.98 * DENSE, DENSE), (0.7, 0.7)])
def test_where_haze_is_all_over_opacity_counts_for_more_unless_it_is_dense(seen: float, counted: float) -> None:
    opacity = torch.full((1, 2, 24, 32), ALL_OVER[1] + 0.05)
    opacity[..., 0, 0] = seen
    found = opacity_of(torch.logit(opacity_as_probability(opacity)), torch.ones(1, 1, 24, 32))
    torch.testing.assert_close(found[..., 0, 0], torch.full((1, 2), counted))


@pytest.mark.parametrize("opacities", [2, 3], ids=["bound by physics", "with the veil apart"])
def test_chroma_alone_is_corrected_for_less_than_what_is_seen(opacities: int) -> None:
    share = torch.ones(1, opacities, 1, 1)
    share[:, 1] = CHROMA_SHARE
    torch.testing.assert_close(muted(torch.full((1, opacities, 24, 32), 0.5)), 0.5 * share.expand(-1, -1, 24, 32))
