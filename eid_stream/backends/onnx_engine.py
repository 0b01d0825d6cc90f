"""The ``onnx`` engine: the student on the CPU through ONNX Runtime. The default where there is no GPU."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from eid_stream.backends.student_contract import (
    INPUT_NAME,
    MODEL_FILE,
    OUTPUT_NAMES,
    Look,
    as_input,
    half_turned,
    input_shape,
    mean_of_looks,
    output_shapes,
    read_shipped,
    require_hash,
    shipped_card,
)
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineLoadError, EngineMismatchError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail


@dataclass(frozen=True, slots=True)
class CpuThreads:
    """How ONNX Runtime may use the CPU. The defaults are the measured ones of docs/performance.md."""

    count: int = 1
    """Threads that share one look at a thumbnail, the caller's included."""
    at_once: bool = True
    """Whether both looks are taken at the same time, on two cores."""
    spinning: bool = False
    """Whether idle threads burn CPU while they wait; they would take it from decoder, encoder and correction."""
    arena: bool = True
    """Whether memory is kept between estimates, else it depends on the C library whether it is. Sizes never change, so
    that it does not grow as ONNX Runtime issues 14819 and 24376 have it."""


class OnnxEngine:
    """A student's ONNX bytes with their card, checked against each other before anything runs.

    The student sees one picture; the engine asks it about the thumbnail as it is and turned by half, and answers with
    the mean (``mean_of_looks``).

    Raises:
        EngineLoadError: ONNX Runtime cannot load the model.
        EngineMismatchError: hash, names or shapes are not those of the card.
    """

    def __init__(self, model: bytes, card: EngineCard, threads: CpuThreads | None = None) -> None:
        if card.backend != "onnx":
            raise EngineMismatchError(f"The card of {card.name!r} is for backend {card.backend!r}, not for 'onnx'.")
        require_hash(model, card.student_sha256, f"The ONNX model {card.name!r}")
        self._card = card
        threads = threads or CpuThreads()
        self._session: Any = _open_session(model, threads)
        _require_tensors(self._session, card)
        self._second = ThreadPoolExecutor(1, thread_name_prefix="second-look") if threads.at_once else None

    @property
    def card(self) -> EngineCard:
        """What the engine says of itself."""
        return self._card

    def estimate(self, thumbnail: Thumbnail) -> HazeMaps:
        """Haze maps over the thumbnail's whole canvas.

        Raises:
            EngineRunError: the thumbnail has the wrong size, ONNX Runtime failed, or the engine is closed.
        """
        if self._session is None:
            raise EngineRunError("The onnx engine is closed.")
        values = as_input(thumbnail, self._card)
        if self._second is None:
            return mean_of_looks(self._look(values), self._look(half_turned(values)))
        try:
            turned = self._second.submit(self._look, half_turned(values))
        except RuntimeError as error:  # closed by another thread, or the program is ending
            raise EngineRunError(f"The onnx engine is closing: {error}.") from error
        try:
            straight = self._look(values)
        finally:  # nothing may run on when the caller goes on
            wait([turned])
        return mean_of_looks(straight, turned.result())

    def _look(self, values: NDArray[np.float32]) -> Look:
        try:
            maps, density = self._session.run(OUTPUT_NAMES, {INPUT_NAME: np.ascontiguousarray(values)})
        except Exception as error:  # ONNX Runtime's exceptions share no other root
            raise EngineRunError(f"ONNX Runtime failed on a thumbnail: {error}") from error
        return maps, density

    def reset(self) -> None:
        """Nothing to forget: the student sees one thumbnail at a time."""

    def close(self) -> None:
        """Release the session; may be called twice."""
        self._session = None
        if self._second is not None:
            self._second.shutdown()


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


def _require_tensors(session: onnxruntime.InferenceSession, card: EngineCard) -> None:
    expected = {INPUT_NAME: input_shape(card), **dict(zip(OUTPUT_NAMES, output_shapes(card), strict=True))}
    tensors = (*session.get_inputs(), *session.get_outputs())
    found = {tensor.name: tuple(tensor.shape) for tensor in tensors}
    other = [tensor.name for tensor in tensors if tensor.type != "tensor(float)"]
    if found != expected or other:
        raise EngineMismatchError(
            f"The model's tensors are {found}{f' ({other} not float32)' if other else ''}, its card expects "
            f"{expected}. Model and card do not belong together: export the student again."
        )
