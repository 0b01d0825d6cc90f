"""An engine on an ONNX Runtime session, whatever device the session runs on."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from eid_stream.backends.student_contract import (
    INPUT_NAME,
    OUTPUT_NAMES,
    Look,
    as_input,
    as_maps,
    half_turned,
    input_shape,
    mean_of_looks,
    output_shapes,
)
from eid_stream.core.engine_card import EngineCard
from eid_stream.core.errors import EngineMismatchError, EngineRunError
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.core.thumbnail import Thumbnail


class SessionEngine:
    """A session of a student's ONNX model with its card; with ``at_once`` both looks are taken at the same time.

    The student sees one picture; the engine asks it about the thumbnail as it is and turned by half, and answers with
    the mean (``mean_of_looks``).

    Raises:
        EngineMismatchError: names or shapes are not those of the card.
    """

    def __init__(self, session: onnxruntime.InferenceSession, card: EngineCard, *, at_once: bool) -> None:
        _require_tensors(session, card)
        self._session: Any = session
        self._card = card
        self._second = ThreadPoolExecutor(1, thread_name_prefix="second-look") if at_once else None

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
            raise EngineRunError(f"The {self._card.backend} engine is closed.")
        values = as_input(thumbnail, self._card)
        if self._card.looks == 1:
            return as_maps(*self._look(values))
        if self._second is None:
            return mean_of_looks(self._look(values), self._look(half_turned(values)))
        try:
            turned = self._second.submit(self._look, half_turned(values))
        except RuntimeError as error:  # closed by another thread, or the program is ending
            raise EngineRunError(f"The {self._card.backend} engine is closing: {error}.") from error
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
