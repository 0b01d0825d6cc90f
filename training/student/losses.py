"""What the student is trained on: eight terms, pure functions; ``total_loss`` weighs them."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import T_MIN
from training.network.opacity import opacity_as_probability

CLEAR_WEIGHT = 0.15
"""What a cell without smoke weighs where opacity is learned; a dense one weighs one more: puffs are small."""
INSISTENCE = 0.5
"""How far clear pictures count by what is seen in them, 0 to 1."""
FAR = 5.0
"""What the square of a difference counts beside the difference."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weight of each term; zero leaves it out."""

    rgb: float = 2.0
    """Corrected rendered smoke against the clear view."""
    opacity: float = 1.0
    """Opacity against that of rendered smoke."""
    airlight: float = 0.4
    """Airlight against that of rendered smoke."""
    identity: float = 0.8
    """What is done to clear views."""
    teacher: float = 0.5
    """Real smoky views, changed, against what the running average sees in them as they are (mean teacher)."""
    label: float = 0.5
    """Opacity of real smoky views against what clear frames of the same camera suggest."""
    witness: float = 1.0
    """Thick real smoke, corrected, against the same scene through thin smoke."""
    equivariance: float = 0.3
    """EID: what was cleared, turned and hazed anew by H, corrected, against what was hazed."""


def masked_l1(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """Mean absolute difference of (n, c, h, w) where ``content`` (n, 1, h, w) is one."""
    return (content * (a - b).abs()).sum() / (content.sum() * a.shape[1] + 1.0)


def far_off(a: Tensor, b: Tensor, content: Tensor) -> Tensor:
    """``masked_l1`` that grows with the square of what is far off: a puff left standing is small, and plain to see."""
    distance = (a - b).abs()
    return masked_l1(distance * (1.0 + FAR * distance), torch.zeros_like(distance), content)


def no_opacity(opacity: Tensor, logits: Tensor) -> Tensor:
    """Opacity (n, c, gh, gw) of clear pictures, and the cross entropy of its logits.

    Those in which smoke is seen count more, as much as it is: few clear pictures are taken for smoke, and those wholly.
    """
    seen = (opacity + F.softplus(logits)).mean((1, 2, 3))
    share = seen.detach() / (seen.detach().mean() + 1e-6)
    return (INSISTENCE * share * seen + (1.0 - INSISTENCE) * seen).mean()


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


def total_loss(terms: dict[str, Tensor], weights: LossWeights) -> dict[str, Tensor]:
    """The terms and their weighted sum ``total``.

    Raises:
        KeyError: a term has no weight.
    """
    weight_of = asdict(weights)
    total = torch.stack([weight_of[name] * value for name, value in terms.items()]).sum()
    return {**terms, "total": total}
