"""What a view would look like if the engine were right about its smoke."""

from dataclasses import dataclass

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.memory.map_arithmetic import weakened
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, average, opacity_seen

BELIEVED = (0.03, 0.1)
"""Mean opacity the engine sees in a view without a past that is not yet smoke, and that is."""


@dataclass(frozen=True, slots=True, eq=False)
class BelievedView:
    """A view, and how far it is the engine's word."""

    view: SceneStatistics
    seen: float
    """Mean opacity that the engine sees in it and that was left."""
    believed: float
    """The share of the engine's correction that was made."""


def as_believed(view: SceneStatistics, maps: HazeMaps) -> "BelievedView":
    """A view without the smoke that the engine sees in it; little of it is not believed."""
    seen = average(opacity_seen(maps), view.content)
    share = ramp(seen, BELIEVED)
    corrected = view.corrected(HazeMaps(weakened(maps.values, share), 0.0)).darkened_as(view)
    return BelievedView(corrected, (1.0 - share) * seen, share)


def ramp(value: float, between: tuple[float, float]) -> float:
    """From 0 to 1 between two values, smooth at both ends."""
    x = min(max((value - between[0]) / (between[1] - between[0]), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)
