"""Dehazing of a file: its frames are looked at ahead, and corrected in another thread."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from eid_stream.core.errors import reason_of
from eid_stream.core.ffmpeg.picture_pool import PicturePool
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Engine
from eid_stream.core.saved_state import restored
from eid_stream.dehazing.estimate_worker import Estimate, EstimateWorker
from eid_stream.dehazing.frame_correction import as_captured, corrected
from eid_stream.dehazing.look_ahead import LookAhead
from eid_stream.dehazing.map_estimator import MapEstimator
from eid_stream.dehazing.sections import ESTIMATE, LOOK_AHEAD, Sections

logger = logging.getLogger(__name__)


class FileDehazer:
    """``prepare`` gives frames their maps, ``dehaze`` corrects one prepared frame; each belongs into its own thread.

    At ``strength`` 0 nothing is looked at. ``keep_original`` False lets go of the captured picture, which halves the
    memory of every frame on its way.
    """

    def __init__(
        self,
        engine: Engine,
        strength: float = 1.0,
        *,
        keep_original: bool = True,
        make_estimator: Callable[[Engine], MapEstimator] = MapEstimator,
        note: Callable[[Estimate], None] = lambda _: None,
        sections: Sections | None = None,
        go_on_as: Mapping[str, bytes] | None = None,
    ) -> None:
        """``note`` hears of every look. The engine is closed by ``close``.

        With ``sections``, frames are marked where a run can be taken up again; ``go_on_as`` are the states that such a
        frame of an earlier run had.

        Raises:
            ValueError: those states are damaged.
        """
        self._strength = strength
        self._keep_original = keep_original
        self._pictures = PicturePool()
        self._sections = sections
        states = {name: restored(state) for name, state in (go_on_as or {}).items() if name in (LOOK_AHEAD, ESTIMATE)}
        self._known = states.get(LOOK_AHEAD)
        self._worker = EstimateWorker(
            lambda: engine, make_estimator=make_estimator, note=note, go_on_as=states.get(ESTIMATE)
        )

    def prepare(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames with ``maps`` to be applied, or with the reason why there are none."""
        if self._strength > 0.0:
            return LookAhead(self._worker, self._sections, self._known).frames(frames)
        return iter(frames) if self._sections is None else map(self._sections.marked, frames)

    def dehaze(self, frame: Frame) -> Frame:
        """A prepared frame, corrected; as captured with the reason where it has no maps or correcting it fails."""
        if self._strength <= 0.0:
            return as_captured(frame, "strength is 0")
        if frame.maps is None:
            return frame
        try:
            shown = corrected(
                frame, frame.maps, self._strength, bands=1, pictures=self._pictures
            )  # the encoder has the other cores
        except Exception as error:  # whatever goes wrong, this very frame goes out
            logger.warning("Frame %d goes out as captured.", frame.index, exc_info=True)
            return as_captured(replace(frame, maps=None), reason_of(error))
        return shown if self._keep_original else replace(shown, original=None)

    def close(self) -> None:
        """End the worker and close the engine; may be called twice."""
        self._worker.close()
