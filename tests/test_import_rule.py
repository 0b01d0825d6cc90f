"""Who may import whom: app -> rooms -> core; concrete sources, engines and sinks are known to the wiring alone."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "core": set[str](),
    "smoke": {"core"},
    "flow": {"core"},
    "dehazing": {"core", "flow"},
    "live": {"core", "flow", "dehazing"},
    "backends": {"core"},
    "building": {"core", "backends", "dehazing"},
    "sources": {"core", "flow", "smoke"},
    "sinks": {"core"},
    "archive": {"core"},
    "stills": {"core", "dehazing"},
    "dicom": {"core"},
    "app": {"core", "flow", "dehazing", "live", "backends", "sources", "sinks", "archive", "stills", "dicom"},
    "api": {"core", "flow", "dehazing", "backends", "sources", "app"},
}
"""Rooms of ``eid_stream`` and what each may use beside itself."""
CONCRETE = ("backends", "sources", "sinks")
GPU_ROOM = "cuda"
"""The room of the GPU's engines, which may import torch; ``gpu.py`` in it only asks the driver."""
HEAVY = {"torch", "torch_tensorrt", "torchvision", "deepinv", "lightning_fabric", "pyiqa"}


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} uses a relative import"
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(path: Path) -> set[str]:
    """Modules of the repository that a file imports (names inside modules reduced to their module)."""
    modules = set()
    for name in imported(path):
        parts = name.split(".")
        if (ROOT / Path(*parts)).with_suffix(".py").exists():
            modules.add(name)
    return modules


def room(module: str) -> str:
    return module.split(".")[1] if module.count(".") > 1 else ""


def test_every_room_has_its_rule() -> None:
    rooms = {path.parent.name for path in (ROOT / "eid_stream").glob("*/__init__.py")}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_a_room_imports_only_what_its_rule_allows(name: str) -> None:
    for path in python_files(f"eid_stream/{name}"):
        strangers = {m for m in ours(path) if m.startswith("eid_stream.") and room(m) not in MAY_IMPORT[name] | {name}}
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


def test_only_wiring_knows_concrete_sources_engines_and_sinks() -> None:
    for path in python_files("eid_stream/app"):
        if path.parent.name == "wiring":
            continue
        known = {m for m in imported(path) if room(m + ".x") in CONCRETE}
        assert not known, f"{path.relative_to(ROOT)} imports {known}"


@pytest.mark.parametrize("folder", ["eid_stream", "training", "engines"])
def test_nothing_imports_upwards_or_sideways(folder: str) -> None:
    others = {"training", "engines", "benchmarks", "tests"} - {folder}
    for path in python_files(folder):
        upwards = {m for m in imported(path) if m.split(".")[0] in others}
        assert not upwards, f"{path.relative_to(ROOT)} imports {upwards}"


def test_the_runtime_imports_no_torch_outside_its_gpu_engines() -> None:
    for path in python_files("eid_stream"):
        if path.parent.name in (GPU_ROOM, "building") and path.name != "gpu.py":
            continue
        heavy = {m for m in imported(path) if m.split(".")[0] in HEAVY}
        assert not heavy, f"{path.relative_to(ROOT)} imports {heavy}"
