"""The steps of a GPU day: commands of this repository with a time limit each; the last JSON line is what they say."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Device = Literal["gpu", "cpu"]
ROOT = Path(__file__).parents[2]
ENGINES: dict[Device, tuple[str, ...]] = {
    "gpu": ("tensorrt", "rtx", "cuda", "webgpu", "onnx"),
    "cpu": ("openvino", "onnx"),
}
LEAST_SECONDS = 5.0
"""With less time left a step is not begun."""
_LINES = 12


@dataclass(frozen=True, slots=True)
class Step:
    """One command, after ``python -m``, and the seconds it may take."""

    name: str
    command: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended, and what it measured."""

    name: str
    command: str
    ended: str
    """``ok``, ``failed``, ``out of time`` or ``not begun``."""
    seconds: float = 0.0
    figures: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    """The last lines, where it failed."""


def steps_of(device: Device, folder: Path) -> list[Step]:
    """All steps, most wanted first; ``folder`` is for what they write."""
    return [*_engine_steps(device), *_speed_steps(device), *_teacher_steps(device, folder)]


def _engine_steps(device: Device) -> Iterator[Step]:
    for name in ("cuda", "tensorrt") if device == "gpu" else ():
        yield Step(f"build {name}", ("eid_stream.building.build_engine", "--target", name), 120)
    yield Step("contract tests", ("benchmarks.gpu_day.contract", "tests/backends/test_engine_contract.py"), 90)
    for name in ENGINES[device]:
        yield Step(f"code values {name}", ("engines.verify", "--engine", name), 30)
        yield Step(f"estimate {name}", ("benchmarks.speed.engines", "--engine", name, "--estimates", "100"), 40)


def _speed_steps(device: Device) -> Iterator[Step]:
    gpu = device == "gpu"
    sizes = () if gpu else ("--only", "480p")
    yield Step("stage", ("benchmarks.speed.latency", "--frames", "60", *sizes), 40)
    target = "cuda" if gpu else "cpu"
    count = "50" if gpu else "3"
    yield Step("batch curve", ("benchmarks.speed.gpu_estimates", "--device", target, "--estimates", count), 110)
    few = () if gpu else ("--source", "phantom:?size=640x360&frames=50")
    yield Step("encoder", ("benchmarks.gpu_day.encoder", "--encoder", "nvenc" if gpu else "auto", *few), 40)
    yield Step("decoder", ("benchmarks.gpu_day.decoder", "--decoder", "nvdec" if gpu else "auto"), 30)


def _teacher_steps(device: Device, folder: Path) -> Iterator[Step]:
    yield Step("frames", ("benchmarks.gpu_day.made_frames", f"{folder}/frames"), 30)
    pictures = ("--hazy", f"{folder}/frames/hazy", "--clear", f"{folder}/frames/clear", "--size", device)
    small = () if device == "gpu" else ("--threads", "2", "--side", "64")
    haze, steps = f"{folder}/haze", "60" if device == "gpu" else "2"
    yield Step("haze operator", ("training.eid.train_haze", haze, *pictures, "--steps", steps, *small), 60)
    teacher = (f"{haze}/haze.safetensors", f"{folder}/teacher", *pictures, "--steps", steps, *small)
    yield Step("teacher", ("training.eid.train_teacher", *teacher), 120)


def run_step(step: Step, left: float, environment: Mapping[str, str], *, patience: float = 1.0) -> Result:
    """Run a step within ``patience`` times its limit and the time that is left, whatever the command does."""
    command = " ".join(("python -m", *step.command))
    limit = min(patience * step.seconds, left)
    if limit < LEAST_SECONDS:
        return Result(step.name, command, "not begun")
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", *step.command], cwd=ROOT, env=dict(environment), text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said = process.communicate(timeout=limit)[0]
        ended = "ok" if process.returncode == 0 else "failed"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # pytest and training start processes of their own
        said, ended = process.communicate()[0], "out of time"
    lines = said.strip().splitlines()
    seconds = time.monotonic() - began
    figures = _figures(lines) | ({} if ended != "ok" else {"wall_seconds": round(seconds, 1)})
    return Result(step.name, command, ended, seconds, figures, () if ended == "ok" else tuple(lines[-_LINES:]))


def _figures(lines: list[str]) -> dict[str, Any]:
    for line in reversed(lines):
        if line.startswith("{"):
            try:
                found: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            return found
    return {}
