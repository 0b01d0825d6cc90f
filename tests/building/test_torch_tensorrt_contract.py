"""What can be known of torch-tensorrt without its libraries: its real wheel, read and partly run."""

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.export import ExportedProgram

from eid_stream.backends.student_contract import PROGRAM_FILE, read_shipped
from eid_stream.building.precision import in_half
from eid_stream.building.program_file import load_program
from eid_stream.building.tensorrt_plan import PlanOptions, serialize
from eid_stream.core.errors import EngineLoadError

ROOT = Path(__file__).parents[2]
REQUIREMENT = "torch-tensorrt==2.14.0"
ENTRY_POINT = "convert_exported_program_to_serialized_trt_engine"
LOWERED_AWAY = {
    "aten.max_pool2d_with_indices.default": "replace_max_pool_with_indices.py",
    "aten._assert_tensor_metadata.default": "remove_assert_nodes.py",
}
"""Operators that a lowering pass of torch-tensorrt replaces or removes before conversion, and the pass's file."""


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The unpacked wheel, kept in the temporary folder between runs."""
    folder = Path(tempfile.gettempdir()) / f"eid-stream-{REQUIREMENT}-{sys.version_info.minor}"
    if not (folder / "complete").exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        got = subprocess.run(
            [*command, "--dest", str(folder), REQUIREMENT], capture_output=True, text=True, timeout=120
        )
        if got.returncode != 0:
            pytest.skip(f"the wheel of {REQUIREMENT} cannot be had here: {got.stderr.strip().splitlines()[-1]}")
        (archive,) = folder.glob("*.whl")
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder, [name for name in content.namelist() if name.endswith(".py")])
        (folder / "complete").touch()
    return folder


@pytest.fixture
def program() -> ExportedProgram:
    """The shipped student's FP16 program."""
    torch.set_num_threads(1)
    return in_half(load_program(read_shipped(PROGRAM_FILE)))


def source(wheel: Path, name: str) -> ast.Module:
    return ast.parse((wheel / "torch_tensorrt" / name).read_text(encoding="utf-8"))


def entry_point(wheel: Path) -> ast.FunctionDef:
    (found,) = (
        node
        for node in source(wheel, "dynamo/_compiler.py").body
        if isinstance(node, ast.FunctionDef) and node.name == ENTRY_POINT
    )
    return found


@pytest.fixture(autouse=True)
def _forget_torch_tensorrt() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.split(".")[0] in ("torch_tensorrt", "tensorrt")]:
        del sys.modules[name]


def test_every_keyword_we_pass_exists_in_the_real_signature(wheel: Path) -> None:
    calls = [
        node
        for node in ast.walk(
            ast.parse((ROOT / "eid_stream" / "building" / "tensorrt_plan.py").read_text(encoding="utf-8"))
        )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == ENTRY_POINT
    ]
    ours = {keyword.arg for call in calls for keyword in call.keywords}
    theirs = {argument.arg for argument in (*entry_point(wheel).args.args, *entry_point(wheel).args.kwonlyargs)}
    assert len(calls) == 1
    assert ours <= theirs
    assert "enabled_precisions" not in theirs, "TensorRT 11 is strongly typed: precision comes from the graph"


def torch_tensorrts_decompositions(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> dict[object, Callable[..., Any]]:
    """The real table from the real file; three helpers it imports come with TensorRT and are not called for it."""
    for name in ("", ".dynamo", ".dynamo.lowering", ".dynamo.conversion"):
        package = types.ModuleType(f"torch_tensorrt{name}")
        package.__path__ = [str(wheel / "torch_tensorrt" / name.replace(".", "/").lstrip("/"))]
        monkeypatch.setitem(sys.modules, package.__name__, package)
    helpers = {
        "_defaults": "default_device",
        "conversion.converter_utils": "get_positive_dim",
        "utils": "to_torch_device",
    }
    for name, helper in helpers.items():
        module = types.ModuleType(name)
        setattr(module, helper, None)
        monkeypatch.setitem(sys.modules, f"torch_tensorrt.dynamo.{name}", module)
    lowering = importlib.import_module("torch_tensorrt.dynamo.lowering._decompositions")
    table: dict[object, Callable[..., Any]] = lowering.get_decompositions()
    return table


def test_every_operator_of_the_fp16_graph_has_a_converter(
    wheel: Path, program: ExportedProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = program.run_decompositions(torch_tensorrts_decompositions(wheel, monkeypatch)).graph
    operators = {str(node.target) for node in graph.nodes if node.op == "call_function"}
    assert "aten.convolution.default" in operators
    passes = wheel / "torch_tensorrt" / "dynamo" / "lowering" / "passes"
    for operator in operators & set(LOWERED_AWAY):
        assert f"torch.ops.{operator}" in (passes / LOWERED_AWAY[operator]).read_text(encoding="utf-8")
    missing = operators - set(LOWERED_AWAY) - converters(wheel)
    assert not missing, f"TensorRT cannot run {missing}"


def converters(wheel: Path) -> set[str]:
    """Targets of every converter that is registered in the wheel's source, written as torch prints them."""
    found = {"<built-in function getitem>"}
    for name in ("aten_ops_converters.py", "prims_ops_converters.py", "ops_evaluators.py"):
        for node in ast.walk(source(wheel, f"dynamo/conversion/{name}")):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "dynamo_tensorrt_converter":
                found.add(ast.unparse(node.args[0]).removeprefix("torch.ops."))
    return found


def test_every_tensorrt_call_of_the_runtime_is_one_that_torch_tensorrt_makes_too(wheel: Path) -> None:
    runtime = ast.parse((ROOT / "eid_stream" / "backends" / "tensorrt_engine.py").read_text(encoding="utf-8"))
    ours = {
        node.attr
        for node in ast.walk(runtime)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).split(".")[-1] in ("trt", *HOLDERS)
    }
    theirs = {
        name
        for path in (wheel / "torch_tensorrt").rglob("*.py")
        for name in re.findall(r"\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert {"Runtime", "deserialize_cuda_engine", "set_tensor_address", "execute_async_v3"} <= ours
    assert ours <= theirs


HOLDERS = ("engine", "_runtime", "_engine", "_context")

OPTIONS = PlanOptions(hardware_compatible=True, version_compatible=True, optimization_level=5, workspace_mib=64)


def test_the_real_package_without_tensorrts_libraries_is_told_in_one_sentence(
    wheel: Path,
    program: ExportedProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if importlib.util.find_spec("tensorrt") is not None:
        pytest.skip("TensorRT is installed here")
    monkeypatch.syspath_prepend(str(wheel))
    with pytest.raises(EngineLoadError) as caught:
        serialize(program, OPTIONS, timing_cache=tmp_path / "timing.bin", device="cpu")
    said = str(caught.value)
    assert said.startswith("torch-tensorrt or the TensorRT libraries cannot be loaded (")
    assert "libnvinfer" in said
    assert said.endswith("Install them with: pip install 'torch-tensorrt>=2.14,<2.15' 'tensorrt>=11.1,<12'")
    assert "\n" not in said
    assert capsys.readouterr().out == ""


def test_the_build_reaches_the_call_that_needs_the_library(
    wheel: Path, program: ExportedProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in with the real signature, less its ``**kwargs``: a keyword that does not exist would raise."""
    function = entry_point(wheel)
    function.args.kwarg = None
    function.args.kw_defaults = [ast.Constant(None) for _ in function.args.kwonlyargs]
    for argument in (*function.args.args, *function.args.kwonlyargs):
        argument.annotation = None
    function.returns = None
    function.decorator_list = []
    function.body = ast.parse(STAND_IN_BODY).body
    (tmp_path / "torch_tensorrt").mkdir()
    (tmp_path / "torch_tensorrt" / "__init__.py").write_text("from torch_tensorrt import dynamo\n")
    (tmp_path / "torch_tensorrt" / "dynamo.py").write_text(ast.unparse(function))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert serialize(program, OPTIONS, timing_cache=Path("timing.bin"), device="cpu") == b"plan"


STAND_IN_BODY = """
assert hardware_compatible and version_compatible and require_full_compilation
assert optimization_level == 5 and workspace_size == 64 << 20 and timing_cache_path == "timing.bin"
assert [tuple(tensor.shape) for tensor in arg_inputs] == [(1, 3, 192, 256)]
assert arg_input_binding_names == ("thumbnail",) and output_binding_names == ("maps", "density")
return b"plan"
"""
