"""Pictures in memory, from hazy to clear: ``from eid_stream import Dehazer``."""

import os
from typing import TYPE_CHECKING, Any

from eid_stream.core.engine_names import EngineName
from eid_stream.core.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from eid_stream.api.pictures import Pictures
    from eid_stream.core.frame import Frame, PixelLayout
    from eid_stream.core.haze_maps import HazeMaps
    from eid_stream.dehazing.map_estimator import MapEstimator


class Dehazer:
    """Removes haze from the pictures of a video, one after the other, as the command ``eid-stream`` does.

        dehazer = Dehazer()
        clear = dehazer(rgb)

    A picture is a uint8 array of shape (height, width, 3), red, green and blue, or a tensor of any library that knows
    DLPack (PyTorch, CuPy, JAX) of shape (..., 3, height, width), uint8 or float in [0, 1]. What comes back is of the
    same type, shape and data type, on the same device; a pixel without haze comes back as it was.

    The pictures of one video are given in order, since what is seen in one helps the next: call ``reset`` between two
    videos, or say ``still=True`` for pictures that have nothing to do with each other. Leading dimensions of a tensor
    are further pictures of the same video. Not to be shared between threads; a copy in another process (``fork``,
    ``pickle``) opens an engine of its own and starts a video of its own.
    """

    def __init__(
        self, engine: EngineName = "auto", strength: float = 1.0, rate: float = 30.0, weights: str | None = None
    ) -> None:
        """Choose how; the engine is opened with the first picture.

        ``engine`` and ``weights`` are the command's ``--engine`` and ``--weights``; ``strength`` in [0, 1] is how much
        of the haze is removed, 0 nothing, bit for bit; ``rate`` is the pictures per second of the video, unless each is
        given its time.

        Raises:
            ConfigError: a value is out of its range, or no engine has that name.
        """
        self._engine = _known(engine)
        self._strength = _in_range(strength)
        self._weights = weights
        if not 0.0 < rate < float("inf"):
            raise ConfigError(f"rate is {rate:g}: choose the pictures per second of the video, such as 25.")
        self._rate = float(rate)
        self._seconds = 0.0
        self._estimator: MapEstimator | None = None
        self._process = os.getpid()

    @property
    def strength(self) -> float:
        """How much of the haze is removed, in [0, 1]; may be set between any two pictures."""
        return self._strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._strength = _in_range(strength)

    def __call__(self, pictures: "Pictures", *, seconds: float | None = None, still: bool = False) -> "Pictures":
        """The pictures without their haze, new ones of the same kind.

        ``seconds`` is the presentation time of the first; without it, it follows the last one by 1 / ``rate``.

        Raises:
            TypeError, ValueError: this is no such picture; one sentence says what is wrong.
            EngineError: no engine can be opened, or it has no answer for a picture.
        """
        from eid_stream.api.pictures import open_pictures

        opened = open_pictures(pictures)
        clear = [self._clear(rgb, seconds if number == 0 else None, still) for number, rgb in enumerate(opened.rgb)]
        result: Pictures = opened.close(clear)
        return result

    def estimate(self, picture: "Pictures", *, seconds: float | None = None, still: bool = False) -> "HazeMaps":
        """What haze is seen in one picture: its density, and the maps with which it would be corrected.

        It counts as a picture of the video like any other.

        Raises:
            TypeError, ValueError: this is no such picture, or more than one.
            EngineError: no engine can be opened, or it has no answer.
        """
        from eid_stream.api.pictures import open_pictures

        rgb = open_pictures(picture).rgb
        if len(rgb) != 1:
            raise ValueError(f"estimate looks at one picture at a time; these are {len(rgb)}.")
        return self._maps(self._frame(rgb[0], seconds), still)

    def reset(self) -> None:
        """Forget the past: the next picture begins another video."""
        self._seconds = 0.0
        if self._estimator is not None:
            self._estimator.reset()

    def close(self) -> None:
        """Release the engine; may be called twice. Another picture opens it again."""
        estimator, self._estimator = self._estimator, None
        if estimator is not None:
            estimator.close()

    def _clear(self, rgb: Any, seconds: float | None, still: bool) -> Any:
        from eid_stream.api.rgb_planes import corrected
        from eid_stream.core.ffmpeg.picture_buffer import allocate
        from eid_stream.dehazing.plane_correction import apply_maps

        frame = self._frame(rgb, seconds)
        if self._strength == 0.0:
            return rgb.copy()
        maps = self._maps(frame, still)
        planes, owner = allocate(frame.width, frame.height, frame.layout)
        apply_maps(frame.planes, planes, maps, frame.layout, frame.colour, self._strength)
        result = corrected(rgb, frame.planes, planes, frame.layout.bit_depth)
        del owner  # the planes are views of its memory
        return result

    def _frame(self, rgb: Any, seconds: float | None) -> "Frame":
        from eid_stream.api.rgb_planes import frame_of

        now = self._seconds if seconds is None else float(seconds)
        self._seconds = now + 1.0 / self._rate
        return frame_of(rgb, now)

    def _maps(self, frame: "Frame", still: bool) -> "HazeMaps":
        estimator = self._opened(frame.layout)
        if still:
            estimator.reset()
        maps = estimator.estimate_frame(frame)
        if still:
            estimator.reset()
        return maps

    def _opened(self, layout: "PixelLayout") -> "MapEstimator":
        if self._process != os.getpid():  # engines and their threads do not survive a fork
            self._process, self._estimator = os.getpid(), None
        if self._estimator is None:
            from eid_stream.backends import open_engine
            from eid_stream.dehazing.correction_check import check_correction
            from eid_stream.dehazing.map_estimator import MapEstimator

            check_correction(layout)
            self._estimator = MapEstimator(open_engine(self._engine, self._weights))
        return self._estimator

    def __enter__(self) -> "Dehazer":
        """For ``with Dehazer() as dehazer``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        """Release the engine."""
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the options alone."""
        return Dehazer, (self._engine, self._strength, self._rate, self._weights)


def _known(engine: str) -> str:
    from typing import get_args

    if engine not in get_args(EngineName):
        raise ConfigError(f"There is no engine {engine!r}: choose {', '.join(get_args(EngineName))}.")
    return engine


def _in_range(strength: float) -> float:
    if not 0.0 <= strength <= 1.0:
        raise ConfigError(f"strength is {strength:g}: choose a value from 0 (nothing) to 1 (everything).")
    return float(strength)
