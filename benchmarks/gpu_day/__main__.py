"""Everything that waits for a graphics card, in one command of eight minutes at most.

    python -m benchmarks.gpu_day --out results                  on a machine with an NVIDIA GPU
    python -m benchmarks.gpu_day --out results --device cpu     the same steps as far as a CPU goes

Writes gpu_day.json and gpu_day.md into the folder. A step that fails, or for which no time is left, is told with its
reason and holds up nothing. Times of a CPU mean little. Engines are built into a cache of the run's own.
"""

import os
import tempfile
from pathlib import Path

from cyclopts import App

from benchmarks.gpu_day.day_report import machine, write_report
from benchmarks.gpu_day.steps import Device, Result, run_step, steps_of

SECONDS = 460.0

app = App(help=__doc__)


@app.default
def main(
    *, out: Path, device: Device = "gpu", seconds: float = SECONDS, patience: float = 1.0, only: tuple[str, ...] = ()
) -> None:
    """Run all steps, most wanted first, and write both pages.

    Parameters
    ----------
    out
        Folder for gpu_day.json and gpu_day.md.
    device
        gpu, or cpu to try the steps without one.
    seconds
        Time for everything together.
    patience
        Factor on the limit of each step, for machines that do other work too.
    only
        Names of steps; without it all of them.
    """
    out.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="gpu-day-") as name:
        environment = os.environ | {"XDG_CACHE_HOME": str(Path(name) / "cache"), "PYTHONUNBUFFERED": "1"}
        for step in steps_of(device, Path(name)):
            if only and step.name not in only:
                continue
            left = seconds - sum(result.seconds for result in results)
            print(f"{step.name} ... ", end="", flush=True)
            results.append(run_step(step, left, environment, patience=patience))
            print(f"{results[-1].ended}, {results[-1].seconds:.1f} s", flush=True)
            write_report(out, machine(device), results)  # after every step: what ends the run leaves the rest
    print(f"Written: {out / 'gpu_day.json'} and {out / 'gpu_day.md'}")


if __name__ == "__main__":
    app()
