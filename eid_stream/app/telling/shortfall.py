"""Whether a video came out dehazed: nothing dehazed must never look like success."""

from collections import Counter

from eid_stream.core.errors import NotDehazedError
from eid_stream.flow.stats import Stats
from eid_stream.live.live_dehazer import BYPASSED, NO_STRENGTH

MOST_AS_CAPTURED = 0.05
"""Largest share of a file's frames that may go out as captured in a run that succeeds."""


def captured_share(stats: Stats) -> float:
    """Share of a file's frames that went out as captured, in [0, 1]."""
    return sum(stats.bypassed.values()) / max(1, _frames(stats))


def shortfall_of(stats: Stats) -> NotDehazedError | None:
    """What is to be told of a run that left too many frames as they were; None when all is well."""
    captured, frames = sum(stats.bypassed.values()), _frames(stats)
    if captured_share(stats) <= MOST_AS_CAPTURED:
        return None
    reason, _ = stats.bypassed.most_common(1)[0]
    return NotDehazedError(
        f"{captured} of {frames} frames went out as captured ({reason}). The file is whole, but not tagged as "
        "enhanced. Run it again, or choose another engine with --engine."
    )


def live_shortfall_of(stats: Stats) -> NotDehazedError | None:
    """The same of a live run, where single frames go out as captured by design: whether not one was dehazed.

    What the viewer has chosen to see as captured is no shortfall.
    """
    captured, frames = sum(stats.bypassed.values()), stats.stage("dehaze").count
    reasons = Counter({why: count for why, count in stats.bypassed.items() if why not in (BYPASSED, NO_STRENGTH)})
    chosen = captured - sum(reasons.values())
    if captured < frames or sum(reasons.values()) <= chosen:
        return None
    reason, _ = reasons.most_common(1)[0]
    return NotDehazedError(
        f"Not one of {frames} frames was dehazed ({reason}). What was recorded is not tagged as enhanced. "
        "Choose another engine with --engine."
    )


def _frames(stats: Stats) -> int:
    return stats.frames_before + stats.stage("dehaze").count
