"""The log of a training run: one JSON line for every so many steps, with the mean losses since the last."""

import json
import time
from collections import defaultdict
from pathlib import Path


class RunLog:
    """Averages losses and appends them to a file, and to the screen."""

    def __init__(self, path: Path, every: int = 100) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._every = path, every
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._count = 0
        self._began = time.monotonic()

    def add(self, step: int, losses: dict[str, float]) -> None:
        """Take the losses of one step."""
        for name, loss in losses.items():
            self._sums[name] += loss
        self._count += 1
        if (step + 1) % self._every == 0:
            self._write(step + 1)

    def _write(self, step: int) -> None:
        means = {name: float(f"{total / self._count:.4g}") for name, total in self._sums.items()}
        line = json.dumps({"step": step, "seconds": round(time.monotonic() - self._began), **means})
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(line + "\n")
        print(line, flush=True)
        self._sums.clear()
        self._count = 0
