"""Where haze maps are going: looks are a moment old when their maps are shown, and smoke has moved on since."""

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.estimate_worker import Estimate
from eid_stream.dehazing.memory.map_arithmetic import bounded

FARTHEST = 1.0
"""Maps go on from the last look as they did from the one before it, for at most so many times as long."""


class MapCourse:
    """The last two looks at a scene."""

    def __init__(self) -> None:
        self._before: Estimate | None = None
        self._newest: Estimate | None = None

    def take(self, estimate: Estimate) -> None:
        """The newest look that there is, which may be known already."""
        if estimate is not self._newest:
            self._before, self._newest = self._newest, estimate

    def at(self, captured_ns: int) -> HazeMaps | None:
        """Maps for a picture taken at that time; None where the last look gave none."""
        before, newest = self._before, self._newest
        if newest is None or newest.maps is None:
            return None
        if (
            before is None
            or before.maps is None
            or before.scene != newest.scene
            or before.maps.grid != newest.maps.grid
        ):
            return newest.maps
        between_ns, since_ns = newest.captured_ns - before.captured_ns, captured_ns - newest.captured_ns
        if between_ns <= 0 or since_ns <= 0:
            return newest.maps
        ahead = before.maps.towards(newest.maps, 1.0 + min(FARTHEST, since_ns / between_ns))
        return HazeMaps(bounded(ahead.values), min(max(ahead.density, 0.0), 1.0))
