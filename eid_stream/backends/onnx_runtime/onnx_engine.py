"""The ``onnx`` engine: the student on the CPU through ONNX Runtime. The default where there is no GPU."""

from dataclasses import dataclass

import onnxruntime

from eid_stream.backends.onnx_runtime.session_engine import SessionEngine
from eid_stream.backends.student_contract import (
    MODEL_FILE,
    read_shipped,
    require_hash,
    shipped_card,
)
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError


@dataclass(frozen=True, slots=True)
class CpuThreads:
    """How ONNX Runtime may use the CPU. The defaults are the measured ones of docs/log/2026-11-22-cpu-engine.md."""

    count: int = 1
    """Threads that share one look at a thumbnail, the caller's included."""
    at_once: bool = True
    """Whether both looks are taken at the same time, on two cores."""
    spinning: bool = False
    """Whether idle threads burn CPU while they wait; they would take it from decoder, encoder and correction."""
    arena: bool = True
    """Whether memory is kept between estimates, else it depends on the C library whether it is. Sizes never change, so
    that it does not grow as ONNX Runtime issues 14819 and 24376 have it."""


class OnnxEngine(SessionEngine):
    """A student's ONNX bytes with their card on the CPU, checked against each other before anything runs.

    Raises:
        EngineLoadError: ONNX Runtime cannot load the model.
        EngineMismatchError: hash, names or shapes are not those of the card.
    """

    def __init__(self, model: bytes, card: EngineCard, threads: CpuThreads | None = None) -> None:
        if card.backend != "onnx":
            raise EngineMismatchError(f"The card of {card.name!r} is for backend {card.backend!r}, not for 'onnx'.")
        require_hash(model, card.student_sha256, f"The ONNX model {card.name!r}")
        threads = threads or CpuThreads()
        super().__init__(_open_session(model, threads), card, at_once=threads.at_once)


def open_onnx(threads: CpuThreads | None = None) -> OnnxEngine:
    """The student that came with the package.

    Raises:
        EngineLoadError: its files are missing or damaged.
        EngineMismatchError: model and card do not belong together, or the card has no golden answers.
    """
    card = shipped_card()
    if not card.golden:
        raise EngineMismatchError("The shipped card student.json has no golden answers: export the student again.")
    return OnnxEngine(read_shipped(MODEL_FILE), card, threads)


def _open_session(model: bytes, threads: CpuThreads) -> onnxruntime.InferenceSession:
    onnxruntime.disable_telemetry_events()  # older Windows builds do not ask for the variable of eid_stream/__init__.py
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads.count
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = threads.arena
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(threads.spinning)))
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no other root
        raise EngineLoadError(
            f"ONNX Runtime {onnxruntime.__version__} cannot load the model: {error}. "
            "Install the package again, or run with --engine prior."
        ) from error
