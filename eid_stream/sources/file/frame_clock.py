"""Time stamps that can be relied upon: present, and later than the one before."""

from fractions import Fraction

from av.video.frame import VideoFrame

from eid_stream.sources.damage import Damage
from eid_stream.sources.file.constant_rate import ConstantRate

_JUMP_SECONDS = 1


class FrameClock:
    """Gives every picture of one stream its time stamp.

    A picture's own ``pts`` is kept as it is. Where it has none, its ``dts`` is taken (FFmpeg's own rule for containers
    such as AVI), else the time stamp before plus the display time of one frame. A time stamp that does not come after
    the one before is moved one tick behind it; where time jumps back by more than a second the stream goes on from
    where it was.
    """

    def __init__(
        self, *, time_base: Fraction, nominal_rate: Fraction | None, damage: Damage, has_no_clock: bool = False
    ) -> None:
        """Count repairs in ``damage``; where the file ``has_no_clock``, counting frames is no repair."""
        self._damage = damage
        self._has_no_clock = has_no_clock
        self._frame_ticks = max(1, round(1 / (time_base * (nominal_rate or 25))))
        self._jump_ticks = round(_JUMP_SECONDS / time_base)
        self._last: int | None = None
        self._last_ticks = self._frame_ticks
        self._offset = 0
        self.rate = ConstantRate(self._frame_ticks)
        """Whether the rate is constant, and what is missing of it."""

    def stamp(self, picture: VideoFrame) -> int:
        """Return the picture's time stamp in units of the time base."""
        own = picture.dts if picture.pts is None else picture.pts
        pts = self._after_last(own)
        if pts != picture.pts and not self._has_no_clock:
            self._damage.repaired_time_stamps += 1
        if self._last is not None:
            self.rate.add(pts - self._last)
        self._last, self._last_ticks = pts, picture.duration or self._frame_ticks
        return pts

    def _after_last(self, own: int | None) -> int:
        if self._last is None:
            return own or 0
        if own is None:
            return self._last + self._last_ticks
        if own + self._offset < self._last - self._jump_ticks:
            self._offset = self._last + self._last_ticks - own
        return max(own + self._offset, self._last + 1)
