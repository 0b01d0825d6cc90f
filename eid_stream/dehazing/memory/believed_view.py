"""What a view would look like if the engine were right about its smoke."""

from eid_stream.core.haze_maps import HazeMaps
from eid_stream.dehazing.memory.map_arithmetic import weakened
from eid_stream.dehazing.memory.scene_statistics import SceneStatistics, average, opacity_seen

BELIEVED = (0.03, 0.1)
"""Mean opacity the engine sees in a view without a past that is not yet smoke, and that is."""


def as_believed(view: SceneStatistics, maps: HazeMaps) -> SceneStatistics:
    """A view without the smoke that the engine sees in it; little of it is not believed."""
    x = (average(opacity_seen(maps), view.content) - BELIEVED[0]) / (BELIEVED[1] - BELIEVED[0])
    share = min(max(x, 0.0), 1.0) ** 2 * (3.0 - 2.0 * min(max(x, 0.0), 1.0))
    return view.corrected(HazeMaps(weakened(maps.values, share), 0.0)).darkened_as(view)
