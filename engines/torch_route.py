"""The route of ``eid-stream-build --target tensorrt`` up to the driver, without one: the student's FP16 program through
torch-tensorrt's own converters, every operator converted, into a plan that TensorRT for RTX builds.

python -m engines.torch_route --out plan.bin

It wants an environment of its own, since its pins differ: torch-tensorrt-rtx 2.14 beside tensorrt-rtx 1.6, over the
ordinary torch. tests/engines/test_torch_route.py makes one. What a driver would be asked is answered here, and the plan
is taken where torch-tensorrt would load it onto the card.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cyclopts import App
from torch.export import ExportedProgram

from eid_stream.backends.student_contract import PROGRAM_FILE, read_shipped
from eid_stream.building.command import run_command
from eid_stream.building.precision import in_half
from eid_stream.building.program_file import load_program
from eid_stream.building.tensorrt_plan import PlanOptions, import_torch_tensorrt, serialize
from engines.rtx_plan import weights_of

CAPABILITY = (8, 6)
_ANSWERS = {
    "get_device_capability": CAPABILITY,
    "get_device_name": "no device",
    "current_device": 0,
    "mem_get_info": (0, 0),
    "synchronize": None,
    "empty_cache": None,
    "memory_allocated": 0,
    "reset_peak_memory_stats": None,
}
"""What torch-tensorrt asks of ``torch.cuda`` while it builds."""

app = App(help=__doc__)


class UnloadedPlan:
    """A plan that no card has loaded; stands where torch-tensorrt holds the engine."""

    def __init__(self, content: Any) -> None:
        self._content = bytes(content)

    def get_aliased_input_tensor(self, name: str) -> None:
        """No output of the student shares memory with its input."""

    def serialize(self) -> bytes:
        """The plan."""
        return self._content


class _Runtime:
    def __init__(self, logger: Any) -> None: ...

    def deserialize_cuda_engine(self, content: Any) -> UnloadedPlan:
        return UnloadedPlan(content)


@app.default
def main(*, program: Path | None = None, out: Path | None = None) -> None:
    """Convert and build, and print what came of it.

    Parameters
    ----------
    program
        An exported program in single precision; without it the shipped student's.
    out
        Where to keep the plan.
    """
    torch.set_num_threads(1)
    whole = load_program(read_shipped(PROGRAM_FILE) if program is None else program.read_bytes())
    plan = build_without_driver(whole)
    if out is not None:
        out.write_bytes(plan)
    print(json.dumps({"torch_route": len(plan), **_weights(plan, whole)}))


def build_without_driver(program: ExportedProgram) -> bytes:
    """The plan of a program's FP16 form.

    Raises:
        EngineLoadError: a library is missing, or an operator has no converter.
    """
    for name, answer in _ANSWERS.items():
        setattr(torch.cuda, name, lambda *_, answer=answer: answer)
    import_torch_tensorrt()
    from torch_tensorrt.dynamo.conversion import _TRTInterpreter

    _TRTInterpreter.trt.Runtime = _Runtime
    with tempfile.TemporaryDirectory() as folder:
        timings = Path(folder) / "timing.bin"
        return serialize(in_half(program), PlanOptions(), timing_cache=timings, device="cpu")


def _weights(plan: bytes, program: ExportedProgram) -> dict[str, int]:
    """How many weights of the program stand in the plan bit for bit, in either precision; kernels reorder some."""
    held = weights_of(plan)
    values = [value.detach().numpy() for value in program.state_dict.values() if value.numel() >= 8]
    return {
        "weights": len(values),
        "in_half": sum(value.astype(np.float16).tobytes() in held for value in values),
        "in_single": sum(value.astype(np.float32).tobytes() in held for value in values),
    }


if __name__ == "__main__":
    run_command(app)
