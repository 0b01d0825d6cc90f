"""Who may import whom (design: cli -> assemble -> edges; edges know only the seams)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SEAMS = tuple(
    f"eid_stream.{name}"
    for name in (
        *("frame", "haze_maps", "thumbnail", "interfaces", "errors"),
        *("engine_card", "content_area", "picture_buffer", "smoke", "golden", "gpu", "engine_cache"),
    )
)
EDGES = ("sources", "backends", "sinks")
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


def belongs_to(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("edge", EDGES)
def test_edges_import_only_the_seams_and_themselves(edge: str) -> None:
    for path in python_files(f"eid_stream/{edge}"):
        strangers = {m for m in ours(path) if not belongs_to(m, (*SEAMS, f"eid_stream.{edge}"))}
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


def test_only_assemble_knows_concrete_sources_engines_and_sinks() -> None:
    edge_modules = tuple(f"eid_stream.{edge}" for edge in EDGES)
    for path in python_files("eid_stream"):
        if path.parent.name in EDGES or path.name.startswith("assemble"):
            continue
        known = {m for m in imported(path) if m.startswith(edge_modules)}
        assert not known, f"{path.relative_to(ROOT)} imports {known}"


@pytest.mark.parametrize("folder", ["eid_stream", "training", "engines"])
def test_nothing_imports_upwards_or_sideways(folder: str) -> None:
    others = {"training", "engines", "benchmarks", "tests"} - {folder}
    for path in python_files(folder):
        upwards = {m for m in imported(path) if m.split(".")[0] in others}
        assert not upwards, f"{path.relative_to(ROOT)} imports {upwards}"


def test_the_runtime_imports_no_torch_outside_its_gpu_backends() -> None:
    for path in python_files("eid_stream"):
        if path.name in ("torch_cuda.py", "tensorrt.py", "device_loop.py"):
            continue
        heavy = {m for m in imported(path) if m.split(".")[0] in HEAVY}
        assert not heavy, f"{path.relative_to(ROOT)} imports {heavy}"
