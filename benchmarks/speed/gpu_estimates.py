"""Estimates on a GPU: FP16 and FP32, CUDA graph and eager, thumbnails of three sizes, batches of 1 to 32.

    python -m benchmarks.speed.gpu_estimates                 on the first CUDA device
    python -m benchmarks.speed.gpu_estimates --device cpu    a dry run, eager only; its times mean nothing

Copies from and to pinned memory are included. Prints a table and, between its rows, all that was measured so far as one
JSON line with the device's name: what is stopped keeps its figures.
"""

import json
import time
from collections.abc import Callable
from itertools import product
from typing import Literal

import numpy as np
import torch
from cyclopts import App
from torch import Tensor, nn
from torch.export.passes import move_to_device_pass

from eid_stream.building.precision import in_half
from training.network.student import Student

SIZES = ((256, 192), (512, 288), (1024, 576))
BATCHES = (1, 2, 4, 8, 16, 32)
WARM_UP = 20

Device = Literal["cuda", "cpu"]
Estimate = Callable[[], None]
app = App(help=__doc__)


@app.default
def main(*, device: Device = "cuda", estimates: int = 500) -> int:
    """Time estimates and print the table.

    Parameters
    ----------
    device
        Where to run.
    estimates
        Estimates per row.
    """
    if device == "cuda" and not torch.cuda.is_available():
        print("No CUDA device can be used here: nothing was measured.")
        return 4
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU (dry run)"
    sizes, batches, runs = (SIZES, BATCHES, ("graph", "eager")) if device == "cuda" else (SIZES[:1], (1, 2), ("eager",))
    print(f"{name}, torch {torch.__version__}\n{'thumbnail':<12}{'batch':>6}{'type':>6}{'run':>7}", end="")
    print(f"{'p50 ms':>9}{'p99 ms':>9}{'thumbnails/s':>14}")
    rows = []
    for (width, height), batch, precision in product(sizes, batches, ("fp16", "fp32")):
        network = _network(width, height, batch, precision, device)
        for run in runs:
            seconds = _measure(_estimate(network, (batch, 3, height, width), device, graph=run == "graph"), estimates)
            p50, p99 = np.percentile(seconds, (50, 99)) * 1000
            rate = batch * len(seconds) / sum(seconds)
            print(f"{f'{width}x{height}':<12}{batch:>6}{precision:>6}{run:>7}{p50:>9.3f}{p99:>9.3f}{rate:>14.0f}")
            rows.append([width, height, batch, precision, run, p50, p99, rate])
        print(json.dumps({"benchmark": "gpu_estimates", "device": name, "rows": rows}))
    return 0


def _network(width: int, height: int, batch: int, precision: str, device: Device) -> nn.Module:
    """A student with any weights; time does not depend on them."""
    program = torch.export.export(Student().eval(), (torch.zeros(batch, 3, height, width),))
    chosen = in_half(program) if precision == "fp16" else program
    return move_to_device_pass(chosen, device).module(check_guards=False).to(memory_format=torch.channels_last)


@torch.no_grad()
def _estimate(network: nn.Module, shape: tuple[int, ...], device: Device, *, graph: bool) -> Estimate:
    pinned = device == "cuda"
    host, thumbnail = torch.zeros(shape, pin_memory=pinned), torch.zeros(shape, device=device)
    outputs: list[Tensor] = list(network(thumbnail))
    answers = [torch.empty_like(output, device="cpu", pin_memory=pinned) for output in outputs]
    replay = _captured(network, thumbnail, outputs) if graph else None

    @torch.no_grad()
    def estimate() -> None:
        thumbnail.copy_(host, non_blocking=True)
        if replay is not None:
            replay()
        current = outputs if replay is not None else list(network(thumbnail))
        for answer, output in zip(answers, current, strict=True):
            answer.copy_(output, non_blocking=True)
        if pinned:
            torch.cuda.synchronize()

    return estimate


def _captured(network: nn.Module, thumbnail: Tensor, outputs: list[Tensor]) -> Estimate:
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for output, answer in zip(outputs, network(thumbnail), strict=True):
            output.copy_(answer)
    return graph.replay


def _measure(estimate: Estimate, count: int) -> list[float]:
    for _ in range(min(WARM_UP, count)):
        estimate()
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        estimate()
        seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    app()
