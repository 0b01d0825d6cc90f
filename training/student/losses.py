"""What the student is trained on: pure functions; ``total_loss`` names every term and their weighted ``total``."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import T_MIN
from training.network.opacity import opacity_as_probability

SSIM_WINDOW = 7
CLEAR_WEIGHT = 0.15
"""What a cell without smoke weighs where opacity is learned; a dense one weighs one more: puffs are small."""
ALL_BUT_WHITE = 0.92
"""From here on the least of R, G and B is that of a white thing, which even dense smoke is not."""
FAR = 5.0
"""What the square of a difference counts beside the difference."""
NEAR_WHITE = 0.97
"""From here on a pixel may clip for good."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term; zero leaves it out."""

    rgb: float = 1.0
    ycbcr: float = 1.0
    structure: float = 0.15
    identity: float = 0.8
    density: float = 0.2
    opacity: float = 1.0
    airlight: float = 0.4
    smoothness: float = 0.05
    flicker: float = 0.3
    clip_flicker: float = 0.5
    dark: float = 2.0
    range: float = 6.0
    white: float = 0.6
    answer: float = 0.1
    veil: float = 0.2
    consistency: float = 0.25
    equivariance: float = 0.5
    witness: float = 1.5
    ensemble: float = 2.0


def masked_l1(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """Mean absolute difference of (n, c, h, w) where ``content`` (n, 1, h, w) is one."""
    return (content * (a - b).abs()).sum() / (content.sum() * a.shape[1] + 1.0)


def far_off(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """``masked_l1`` that grows with the square of what is far off: a puff left standing is small, and plain to see."""
    distance = (a - b).abs()
    return masked_l1(distance * (1.0 + FAR * distance), torch.zeros_like(distance), content)


def structure(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """1 - SSIM (Wang et al. 2004) of luma (n, 1, h, w) over the content, box windows."""
    mean_a, mean_b = _local_mean(a), _local_mean(b)
    variance_a = _local_mean(a * a) - mean_a**2
    variance_b = _local_mean(b * b) - mean_b**2
    covariance = _local_mean(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    ssim = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    return (content * (1.0 - ssim)).sum() / (content.sum() + 1.0)


def identity(opacity: Tensor, logits: Tensor) -> Tensor:
    """Opacity (n, c, gh, gw) of clear pictures, what would be taken from them, and the cross entropy of its logits.

    Of no pictures it is zero.
    """
    return opacity.mean() + F.softplus(logits).mean() if len(opacity) else opacity.sum()


def opacity(logits: Tensor, truth: Tensor, inside: Tensor) -> Tensor:
    """Cross entropy of opacities' logits (n, c, gh, gw) with known opacity (n, 1, gh, gw), less its own entropy.

    On logits, since opacity itself has no slope where it counts as none: a puff once overlooked would stay so.
    """
    wanted = opacity_as_probability(truth.clamp(max=1.0 - T_MIN)).expand_as(logits)
    return cross_entropy(logits, wanted, inside * (CLEAR_WEIGHT + truth))


def cross_entropy(logits: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean cross entropy of logits (n, c, gh, gw) with probabilities ``wanted``, less its own entropy.

    ``weight`` is (n, 1, gh, gw).
    """
    missed = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    unavoidable = F.binary_cross_entropy(wanted, wanted, reduction="none")
    return (weight * (missed - unavoidable)).sum() / (logits.shape[1] * weight.sum() + 1.0)


def smoothness(opacity: Tensor, airlight: Tensor) -> Tensor:
    """Mean curvature of maps (n, c, gh, gw) along rows and columns; airlight counts more, it is smoother."""
    return _curvature(opacity) + 2.0 * _curvature(airlight)


def out_of_range(rgb: Tensor, before: Tensor, content: Tensor) -> Tensor:
    """How far corrected RGB (n, 3, h, w) leaves [0, NEAR_WHITE] where the picture ``before`` did not."""
    counted = content * (before.amax(1, keepdim=True) < NEAR_WHITE)
    return masked_l1(rgb, rgb.detach().clamp(0.0, NEAR_WHITE), counted)


def tinted_white(rgb: Tensor, before: Tensor, content: Tensor) -> Tensor:
    """How far corrected RGB (n, 3, h, w) is from the picture ``before`` where that was all but white.

    What clips has no colour to give back: an instrument or a highlight must not come out cream or pink.
    """
    return masked_l1(rgb, before, content * (before.amin(1, keepdim=True) > ALL_BUT_WHITE))


def dark_statistics(rgb: Tensor, content: Tensor, side: int = 6) -> Tensor:
    """Statistics of haze, (n, 4): mean dark channel (He et al. 2009), saturation, red and blue less green.

    ``rgb`` (n, 3, h, w) in [0, 1]; windows of ``side`` pixels that leave ``content`` (n, 1, h, w) do not count.
    """
    darkest, brightest = rgb.amin(1, keepdim=True), rgb.amax(1, keepdim=True)
    dark = -F.max_pool2d(-darkest, side, stride=side // 2)
    inside = (F.avg_pool2d(content, side, stride=side // 2) > 0.95).float()
    mean = _mean_inside(dark, inside)
    saturation = _mean_inside((brightest - darkest) / (brightest + 0.1), content)
    red, green, blue = torch.split(rgb, 1, dim=1)
    cast = [_mean_inside(channel - green, content) for channel in (red, blue)]
    return torch.stack([mean, saturation, *cast], dim=1)


def unlike_clear(statistics: Tensor, wanted: Tensor) -> Tensor:
    """How far corrected pictures are from ``wanted`` clear ones of the same sources in haze and in colour.

    Both (n, 4) as of ``dark_statistics``. Means of the batch are compared, not pictures: the scenes differ. To be
    clearer than clear ones costs as much.
    """
    if len(statistics) == 0:
        return statistics.sum()
    return (statistics.mean(0) - wanted.mean(0)).abs().sum()


def total_loss(terms: dict[str, Tensor], weights: LossWeights) -> dict[str, Tensor]:
    """The terms and their weighted sum ``total``.

    Raises:
        KeyError: a term has no weight.
    """
    weight_of = asdict(weights)
    total = torch.stack([weight_of[name] * value for name, value in terms.items()]).sum()
    return {**terms, "total": total}


def _mean_inside(values: Tensor, inside: Tensor) -> Tensor:
    return (values * inside).sum((1, 2, 3)) / (inside.sum((1, 2, 3)) + 1e-6)


def _local_mean(picture: Tensor) -> Tensor:
    """Means of square windows, along columns and then along rows, which takes a third of the time."""
    for window in ((SSIM_WINDOW, 1), (1, SSIM_WINDOW)):
        reach = window[0] // 2, window[1] // 2
        picture = F.avg_pool2d(picture, window, stride=1, padding=reach, count_include_pad=False)
    return picture


def _curvature(maps: Tensor) -> Tensor:
    rows = maps[:, :, 2:] - 2.0 * maps[:, :, 1:-1] + maps[:, :, :-2]
    columns = maps[:, :, :, 2:] - 2.0 * maps[:, :, :, 1:-1] + maps[:, :, :, :-2]
    return rows.abs().mean() + columns.abs().mean()
