"""What the memory's network does to views, in decibels."""

from collections.abc import Sequence

import numpy as np
import torch

from training.memory.learning import batch_of, error_of
from training.memory.lessons import Lesson
from training.memory.network import MemoryNetwork


def judged(network: MemoryNetwork, lessons: Sequence[Lesson]) -> str:
    """Gain over what is seen, in dB, by how dense the smoke is; how clear views come back."""
    if not lessons:
        return "no lessons"
    before, after = [], []
    for start in range(0, len(lessons), 250):
        batch = batch_of(lessons[start : start + 250])
        with torch.no_grad():
            after.append(error_of(network, batch))
            before.append(error_of(None, batch))
    seen, shown = (-10.0 * np.log10(torch.cat(errors).numpy() + 1e-8) for errors in (before, after))
    smoky = np.array([each.smoky for each in lessons])
    parts = []
    for name, low, high in (("thin", 24.0, 99.0), ("medium", 15.0, 24.0), ("dense", 0.0, 15.0)):
        which = smoky & (seen >= low) & (seen < high)
        if which.any():
            gain = (shown - seen)[which]
            parts.append(
                f"{name} {seen[which].mean():.1f} dB, gain {gain.mean():.2f}, 5 % below {np.quantile(gain, 0.05):.2f}"
            )
    clear = np.minimum(shown[~smoky], 80.0)
    if len(clear):
        parts.append(f"clear {np.median(clear):.1f} dB, 5 % below {np.quantile(clear, 0.05):.1f}")
    return "; ".join(parts)
