"""Build an engine for this machine, verify it against the FP32 reference, and only then keep it.

eid-stream-build --target cuda        PyTorch with a CUDA graph: seconds
eid-stream-build --target tensorrt    TensorRT: up to minutes; torch-tensorrt and TensorRT must be installed
eid-stream-build --target onnx        nothing to build: verifies the student that runs on the CPU
"""

import hashlib
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

import eid_stream
from eid_stream.backends.built_engine import engine_key
from eid_stream.backends.cuda.gpu import Gpu, find_gpu
from eid_stream.backends.engine_cache import EngineCache, EngineKey
from eid_stream.backends.onnx_runtime.onnx_engine import OnnxEngine
from eid_stream.backends.self_test import check
from eid_stream.building.command import run_command
from eid_stream.building.student_files import StudentFiles, read_student
from eid_stream.building.verification import compare_engines, require_agreement, table
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import ConfigError, EngineError
from eid_stream.core.interfaces import Engine

if TYPE_CHECKING:
    from eid_stream.building.tensorrt_plan import PlanOptions

app = App(name="eid-stream-build", help=__doc__, help_format="plaintext")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to build."""

    target: Literal["tensorrt", "cuda", "onnx"]
    """Which engine to build."""
    precision: Literal["fp16", "fp32"] = "fp16"
    """Number format of the network's trunk on a GPU."""
    hardware_compatible: bool = False
    """TensorRT: also for other NVIDIA GPUs from Ampere on; may run slower."""
    version_compatible: bool = False
    """TensorRT: also for later versions of the same major version; may run slower."""
    optimization_level: Annotated[int, Parameter(show_default=False)] | None = None
    """TensorRT: from 0 (builds fastest) to 5 (searches longest). [default: TensorRT's own, 3]"""
    workspace_mib: int = 0
    """TensorRT: memory for kernels while they are timed, MiB; 0 = all there is."""
    student: Path | None = None
    """Folder with student.onnx, student.pt2 and student.json. [default: the student that came with eid-stream]"""
    rebuild: bool = False
    """Build even if a sound engine is already there."""


@app.default
def _main(options: Annotated[Options, Parameter(name="*")]) -> None:
    path = build(options)
    print("Nothing to keep: the onnx engine runs the student's own file." if path is None else f"Kept: {path}")


def main() -> None:
    """The console script ``eid-stream-build``."""
    run_command(app)


def build(options: Options, cache: EngineCache | None = None) -> Path | None:
    """Build, verify and keep one engine; None for ``onnx``. Says what it does and how long that took.

    Raises:
        ConfigError: an option does not go with the target.
        EngineLoadError: a library, the driver or the device is missing, or the build failed.
        EngineMismatchError: the engine does not agree with the reference and is not kept.
    """
    if options.target != "tensorrt" and (options.hardware_compatible or options.version_compatible):
        raise ConfigError("--hardware-compatible and --version-compatible are TensorRT's: add --target tensorrt.")
    with _step("Read the student"):
        student = read_student(options.student)
        reference = OnnxEngine(student.model, student.card)
        check(reference)
    if options.target == "onnx":
        return None
    gpu, cache = find_gpu(), cache or EngineCache()
    key = engine_key(
        options.target,
        options.precision,
        student.card.student_sha256,
        gpu,
        hardware_compatible=options.hardware_compatible,
        version_compatible=options.version_compatible,
    )
    print(f"Building {key.target} {key.precision} for {key.gpu}, driver {key.driver}, {key.libraries}")
    with cache.building(key):
        if not options.rebuild and _already_built(cache, key):
            return cache.path(key)
        return _build_and_keep(options, student, reference, gpu, cache, key)


def _build_and_keep(
    options: Options, student: StudentFiles, reference: Engine, gpu: Gpu, cache: EngineCache, key: EngineKey
) -> Path:
    from eid_stream.backends.cuda.device_engine import require_driver

    require_driver(gpu)
    content = _compile(options, student, cache, key)
    card = _card(student.card, key, content, gpu)
    with _step("Start it and verify it on the golden thumbnails"):
        engine = _start(content, card)
        rows = compare_engines(engine, reference)
        engine.close()
    print(table(rows))
    require_agreement(rows, options.target)
    return cache.save(key, content, card)


def _already_built(cache: EngineCache, key: EngineKey) -> bool:
    if not cache.path(key).exists():
        return False
    try:
        stored = cache.load(key)
        with _step("Test the engine that is already there"):
            engine = _start(stored.content, stored.card)
            check(engine)
            engine.close()
    except EngineError as error:
        print(f"Built again, because: {error}")
        return False
    return True


def _compile(options: Options, student: StudentFiles, cache: EngineCache, key: EngineKey) -> bytes:
    from eid_stream.building.precision import in_half
    from eid_stream.building.program_file import load_program, save_program

    with _step(f"Make the {options.precision} program"):
        program = load_program(student.program)
        if options.precision == "fp16":
            program = in_half(program)
    if options.target == "cuda":
        return save_program(program)
    from eid_stream.building.tensorrt_plan import serialize

    with cache.timing_cache(key) as timing_cache, _step("TensorRT builds the engine; this can take minutes"):
        return serialize(program, _plan_options(options), timing_cache=timing_cache)


def _plan_options(options: Options) -> "PlanOptions":
    from eid_stream.building.tensorrt_plan import PlanOptions

    return PlanOptions(
        hardware_compatible=options.hardware_compatible,
        version_compatible=options.version_compatible,
        optimization_level=options.optimization_level,
        workspace_mib=options.workspace_mib,
    )


def _start(content: bytes, card: EngineCard) -> Engine:
    from eid_stream.backends.cuda.built_device_engine import device_engine

    return device_engine(content, card, card.backend)


def _card(student: EngineCard, key: EngineKey, content: bytes, gpu: Gpu) -> EngineCard:
    return replace(
        student,
        backend=key.target,
        precision=key.precision,
        engine_sha256=hashlib.sha256(content).hexdigest(),
        built_by=f"eid-stream {eid_stream.__version__}, {key.libraries}, Python {platform.python_version()}",
        device=f"{gpu.name}, driver {gpu.driver}",
    )


@contextmanager
def _step(what: str) -> Iterator[None]:
    print(f"{what} ... ", end="", flush=True)
    began = perf_counter()
    try:
        yield
    except BaseException:
        print("failed")
        raise
    print(f"{perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
