"""From the logits of the student's head to opacities."""

from torch import Tensor, sigmoid
from torch.nn import functional as F

from eid_stream.core.haze_maps import T_MIN

DEAD_ZONE = 0.08
"""Sigmoid up to which opacity is none: what is clear must come back as it was, not nearly so."""


def opacity_of(logits: Tensor) -> Tensor:
    """Opacities in [0, 1 - T_MIN] of their logits, same shape: none in the dead zone, and no jump at its end."""
    return (1.0 - T_MIN) * F.relu(sigmoid(logits) - DEAD_ZONE) / (1.0 - DEAD_ZONE)


def opacity_as_probability(opacity: Tensor) -> Tensor:
    """What the sigmoid of a logit has to be where an opacity is seen; where none is, zero."""
    return (DEAD_ZONE + (1.0 - DEAD_ZONE) * opacity / (1.0 - T_MIN)) * (opacity > 0)


def mean_inside(values: Tensor, content: Tensor) -> Tensor:
    """Mean (n,) of cells (n, 1, h, w), each as much as it is of the content."""
    return (content * values).mean((1, 2, 3)) / (content.mean((1, 2, 3)) + 1e-3)
