"""Build TensorRT engines without a GPU, and read back what is in them.

python -m engines.rtx_plan        the shipped student in both precisions: steps, layers, weights, seconds

TensorRT for RTX builds ahead of time for a named architecture; the plan is finished on the card when it is loaded. Its
parser and its strongly typed networks are those of TensorRT. Without a driver no plan can be run.
"""

import json
import re
import struct
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import numpy as np
import onnx
from cyclopts import App
from numpy.typing import NDArray
from onnx import numpy_helper

from eid_stream.backends.onnx_runtime.half_model import in_half
from eid_stream.backends.student_contract import MODEL_FILE, read_shipped
from eid_stream.building.command import run_command
from eid_stream.core.errors import EngineLoadError

ARCHITECTURE = "SM86"
"""GeForce RTX 30 and RTX A cards. Others that 1.7 builds for: SM75, SM80, SM89, SM120, SM121; not SM90 (H200)."""
_SECTIONS = 256
"""Bytes at the start of a plan that hold the table of its sections."""

app = App(help=__doc__)


@dataclass(frozen=True, slots=True)
class Plan:
    """A serialized engine, and how many layers TensorRT's parser made of the model."""

    content: bytes
    parsed_layers: int


@dataclass(frozen=True, slots=True)
class PlanContents:
    """What is in a plan, read from its bytes."""

    steps: frozenset[str]
    """Nodes of the ONNX model that the plan names as what its kernels do."""
    weight_bytes: int
    """Size of its section of weights."""
    half_constants: int
    """How many of the model's constants stand in that section as FP16, bit for bit; kernels reorder some."""
    single_constants: int
    """The same as FP32."""


@app.default
def main() -> None:
    """Build both precisions of the shipped student and print what is in the plans."""
    rows = {}
    for precision, model in (("fp32", read_shipped(MODEL_FILE)), ("fp16", in_half(read_shipped(MODEL_FILE)))):
        began = perf_counter()
        plan = build_plan(model)
        contents = read_plan(plan.content, model)
        figures = asdict(contents) | {"steps": len(contents.steps), "parsed_layers": plan.parsed_layers}
        rows[precision] = figures | {"plan_bytes": len(plan.content), "seconds": round(perf_counter() - began, 2)}
        print(precision, rows[precision])
    print(json.dumps({"rtx_plan": import_builder().__version__, "architecture": ARCHITECTURE, "rows": rows}))


def import_builder() -> Any:
    """The bindings of TensorRT for RTX.

    Raises:
        EngineLoadError: they are not installed.
    """
    try:
        import tensorrt_rtx_bindings
    except ImportError as error:
        raise EngineLoadError(
            f"TensorRT for RTX is not installed ({error}). Install it with: pip install 'eid-stream[engines]'"
        ) from error
    return tensorrt_rtx_bindings


def build_plan(model: bytes, architecture: str = ARCHITECTURE) -> Plan:
    """Parse and build ONNX bytes with static shapes.

    Raises:
        EngineLoadError: TensorRT is missing, lacks an operator of the model, or cannot build it.
    """
    trt = import_builder()
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(model):
        said = "; ".join(f"{error.node_operator()}: {error.desc()}" for error in map(parser.get_error, _errors(parser)))
        raise EngineLoadError(f"TensorRT {trt.__version__} cannot take the model: {said}")
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, architecture), 0)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineLoadError(f"TensorRT {trt.__version__} parsed the model but could not build it.")
    return Plan(bytes(plan), network.num_layers)


def read_plan(content: bytes, model: bytes) -> PlanContents:
    """What a plan holds of the model that it was built from.

    Raises:
        EngineLoadError: it has no section of weights where the plans of TensorRT for RTX 1.x have it.
    """
    weights = weights_of(content)
    constants = [numpy_helper.to_array(each) for each in onnx.load_from_string(model).graph.initializer]
    constants = [each for each in constants if each.dtype in (np.float32, np.float16) and _is_telling(each)]
    return PlanContents(
        steps=frozenset(name.decode() for name in re.findall(rb"\[ONNX Layer: ([^\]]+)\]", content)),
        weight_bytes=len(weights),
        half_constants=sum(each.astype(np.float16).tobytes() in weights for each in constants),
        single_constants=sum(each.astype(np.float32).tobytes() in weights for each in constants),
    )


def _is_telling(constant: NDArray[Any]) -> bool:
    """Whether finding its bytes says anything: single values and zeros are found anywhere."""
    return constant.size >= 8 and bool(np.ptp(constant) > 0)


def weights_of(content: bytes) -> bytes:
    """A plan's section of weights.

    Raises:
        EngineLoadError: it has none where the plans of TensorRT for RTX 1.x have it.
    """
    place = content[:_SECTIONS].find(b"THGW")  # "WGHT" as a little-endian word
    if place < 0:
        raise EngineLoadError("This is no plan of TensorRT for RTX 1.x: it has no section of weights.")
    offset, size = struct.unpack_from("<QQ", content, place + 8)
    return content[offset : offset + size]


def _errors(parser: Any) -> range:
    return range(parser.num_errors)


if __name__ == "__main__":
    run_command(app)
