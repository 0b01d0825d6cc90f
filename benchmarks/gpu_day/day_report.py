"""The two pages of a GPU day: JSON for machines, Markdown for people."""

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.gpu_day.steps import Device, Result
from eid_stream.backends.cuda.gpu import find_gpu
from eid_stream.core.errors import EngineLoadError

PACKAGES = (
    "torch", "torch-tensorrt", "tensorrt", "onnxruntime", "onnxruntime-ep-nv-tensorrt-rtx-cu13",
    "onnxruntime-ep-webgpu", "onnxruntime-ep-openvino", "av",
)  # fmt: skip


def machine(device: Device) -> dict[str, Any]:
    """What the figures were measured on."""
    try:
        card: Any = asdict(find_gpu())
    except EngineLoadError as error:
        card = str(error)
    versions = {name: _version(name) for name in PACKAGES}
    return {"device": device, "gpu": card, "python": platform.python_version(), "versions": versions}


def write_report(folder: Path, made_on: dict[str, Any], results: Sequence[Result]) -> None:
    """Write gpu_day.json and gpu_day.md."""
    content = {"gpu_day": made_on, "steps": [asdict(result) for result in results]}
    (folder / "gpu_day.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / "gpu_day.md").write_text("\n".join(_page(made_on, results)) + "\n", encoding="utf-8")


def _page(made_on: dict[str, Any], results: Sequence[Result]) -> Iterator[str]:
    yield "# A GPU day\n"
    yield f"{made_on['gpu']}\n\n{', '.join(f'{name} {found}' for name, found in made_on['versions'].items())}\n"
    yield "| step | ended | seconds | figures |\n|---|---|---:|---|"
    for result in results:
        yield f"| {result.name} | {result.ended} | {result.seconds:.1f} | {_short(result.figures)} |"
    for result in results:
        if result.said:
            yield f"\n## {result.name}: {result.ended}\n\n    {result.command}\n"
            yield "\n".join(f"    {line}" for line in result.said)


def _short(figures: dict[str, Any]) -> str:
    """The figures in one cell; curves stand in the JSON file."""
    return ", ".join(f"{name} {value}" for name, value in _flat("", figures) if name).replace("|", "/")[:600]


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _flat(f"{name} {key}".strip(), entry)
    elif isinstance(value, float):
        yield name, f"{value:.4g}"
    elif not isinstance(value, list):
        yield name, str(value)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
