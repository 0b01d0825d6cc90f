"""From an exported program to a serialized TensorRT engine, through torch-tensorrt 2.14 and TensorRT 11.

TensorRT 11 knows no ``enabled_precisions``: the engine computes in the types of the graph it is given.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from torch.export import ExportedProgram
from torch.export.passes import move_to_device_pass

from eid_stream.backends.built_engine import INSTALL
from eid_stream.backends.student_contract import INPUT_NAME, OUTPUT_NAMES
from eid_stream.core.errors import EngineLoadError


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions:
    """How TensorRT builds."""

    hardware_compatible: bool = False
    version_compatible: bool = False
    optimization_level: int | None = None
    """0 builds fastest, 5 searches longest; None leaves TensorRT's own (3)."""
    workspace_mib: int = 0
    """Memory that kernels may use while timed, MiB; 0 = all there is."""


def import_torch_tensorrt() -> ModuleType:
    """The ``torch_tensorrt`` package, without what it prints while looking for its libraries.

    Raises:
        EngineLoadError: it is missing, or TensorRT's own libraries are.
    """
    noise = io.StringIO()
    try:
        with contextlib.redirect_stdout(noise):
            import torch_tensorrt
    except Exception as error:  # torch-tensorrt 2.14 raises a bare Exception where libnvinfer is missing
        raise EngineLoadError(
            f"torch-tensorrt or the TensorRT libraries cannot be loaded ({str(error).splitlines()[0]}). "
            f"Install them with: {INSTALL['tensorrt']}"
        ) from error
    return torch_tensorrt  # type: ignore[no-any-return]


def serialize(program: ExportedProgram, options: PlanOptions, *, timing_cache: Path, device: str = "cuda") -> bytes:
    """Build a TensorRT engine with static shapes and the student's tensor names; takes minutes at high levels.

    Every operator must be converted: a hybrid with PyTorch could not be serialized.

    Raises:
        EngineLoadError: torch-tensorrt is missing, or TensorRT refuses the program.
    """
    torch_tensorrt = import_torch_tensorrt()
    program = move_to_device_pass(program, device)
    assert program.example_inputs is not None
    try:
        plan: bytes = torch_tensorrt.dynamo.convert_exported_program_to_serialized_trt_engine(
            program,
            arg_inputs=list(program.example_inputs[0]),
            require_full_compilation=True,
            hardware_compatible=options.hardware_compatible,
            version_compatible=options.version_compatible,
            optimization_level=options.optimization_level,
            workspace_size=options.workspace_mib << 20,
            timing_cache_path=str(timing_cache),
            arg_input_binding_names=(INPUT_NAME,),
            output_binding_names=OUTPUT_NAMES,
        )
    except Exception as error:  # torch-tensorrt raises whatever its parts raise
        raise EngineLoadError(
            f"TensorRT could not build the engine: {error}. Run with --engine cuda, or report this with the log."
        ) from error
    return bytes(plan)
