"""Further full-reference measures from pyiqa, where it is installed: an extra, never a requirement."""

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.quality.pictures import Rgb

NAMES = ("fsim", "gmsd")
"""Those that need no downloaded weights and less than half a second. fsim: higher is better; gmsd: lower is better."""
EVERY = 4
"""Every how many scored pictures they are computed: they take ten times as long as all other measures together."""


@dataclass(frozen=True, slots=True, eq=False)
class PyiqaMeasures:
    """pyiqa metrics by name."""

    metrics: dict[str, Any]

    @classmethod
    def find(cls) -> "PyiqaMeasures | None":
        """Make the metrics on the CPU, or answer None where pyiqa is not installed."""
        if importlib.util.find_spec("pyiqa") is None:
            return None
        import pyiqa

        return cls({name: pyiqa.create_metric(name, device="cpu") for name in NAMES})

    def __call__(self, picture: Rgb, truth: Rgb) -> dict[str, float]:
        """Figures of a picture against the truth."""
        import torch

        given, wanted = (
            torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))).unsqueeze(0).float() / 255.0
            for rgb in (picture, truth)
        )
        with torch.inference_mode():
            return {name: float(metric(given, wanted)) for name, metric in self.metrics.items()}
