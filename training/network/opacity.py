"""From what the student's head says of a cell to the opacity that counts: slight haze is judged by the whole scene."""

import torch
from torch import Tensor
from torch.nn import functional as F

from eid_stream.core.haze_maps import T_MIN

DEAD_ZONE = 0.08
"""Sigmoid up to which opacity is none: what is clear must come back as it was, not nearly so."""
SLIGHT_IN_CLEAR, SLIGHT_IN_HAZE = (0.08, 0.3), (0.04, 0.21)
"""Opacity from which it begins to count and from which it counts in full, in scenes that are clear and hazy on the
whole: what looks slightly hazy is mostly pale, the more so where nothing else is hazy."""
HAZY_SCENE = (0.05, 0.15)
"""Mean opacity up to which a scene is clear on the whole, and from which it is hazy."""
UNDERSTATED = 1.08
"""What opacity is taken times where haze is ``ALL_OVER``, of which a trained student says too little: half of what it
learns from has no truth, and witnesses that are hazy themselves."""
ALL_OVER = (0.15, 0.35)
"""Mean opacity from which that begins, and from which it is so in full."""
DENSE = 0.6
"""Opacity beyond which none is raised by that: gains rise steeply there, and what is a little too much of dense, bright
smoke turns pale tissue dark red."""
CHROMA_SHARE = 0.9
"""Of chroma's opacity that is corrected for: where there is a truth, all of it makes colours stronger than they are."""


def opacity_of(logits: Tensor, content: Tensor) -> Tensor:
    """Opacities in [0, 1 - T_MIN] of their logits (n, c, h, w), the first of which are luma's; same shape.

    None in the dead zone, less where they are slight, more where there is haze all over. ``content`` (n, 1, h, w) tells
    which cells are of the scene.
    """
    seen = (1.0 - T_MIN) * F.relu(torch.sigmoid(logits) - DEAD_ZONE) / (1.0 - DEAD_ZONE)
    scene = mean_inside(seen[:, :1].detach(), content)[:, None, None, None]
    hazy = smoothstep(scene, *HAZY_SCENE)
    none, full = (clear + (haze - clear) * hazy for clear, haze in zip(SLIGHT_IN_CLEAR, SLIGHT_IN_HAZE, strict=True))
    counted = seen * smoothstep(seen, none, full)
    raised = counted * (1.0 + (UNDERSTATED - 1.0) * smoothstep(scene, *ALL_OVER))
    return torch.minimum(raised, counted.clamp(min=DENSE))


def muted(opacity: Tensor) -> Tensor:
    """Opacities (n, c, h, w) as they are corrected for: of chroma's, the second, ``CHROMA_SHARE``."""
    return torch.cat([opacity[:, :1], CHROMA_SHARE * opacity[:, 1:2], opacity[:, 2:]], 1)


def mean_inside(values: Tensor, content: Tensor) -> Tensor:
    """Mean (n,) of cells (n, 1, h, w), each as much as it is of the content."""
    return (content * values).mean((1, 2, 3)) / (content.mean((1, 2, 3)) + 1e-3)


def opacity_as_probability(opacity: Tensor) -> Tensor:
    """What the sigmoid of a logit has to be where an opacity is seen; where none is, zero."""
    return (DEAD_ZONE + (1.0 - DEAD_ZONE) * opacity / (1.0 - T_MIN)) * (opacity > 0)


def smoothstep(values: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """0 up to ``low``, 1 from ``high`` on, with no kink between."""
    share = ((values - low) / (high - low)).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
