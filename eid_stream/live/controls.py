"""The live system as its window sees it: what it tells, and what its keys do."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from eid_stream.core.frame import Frame
from eid_stream.dehazing.memory.scene_memory import MemoryState
from eid_stream.flow.pipeline import WINDOW
from eid_stream.flow.stats import PERCENTILES, Stats
from eid_stream.live.bypass_latch import BypassLatch
from eid_stream.live.live_dehazer import MAP_AGE

CAPTURE_TO_WINDOW = f"capture to {WINDOW}"
WEB = "web"
"""Name of the console's outlet."""
CAPTURE_TO_WEB = f"capture to {WEB}"
SAID_SECONDS = 4.0
_PANEL_SECONDS = 0.5
_LONGEST_LINE = 90


class Recording(Protocol):
    """A recorder that can be switched."""

    wanted: bool
    seconds: float

    def bookmark(self, note: str) -> None:
        """Make a chapter begin with the next frame that is written."""
        ...

    @property
    def warning(self) -> str:
        """What is wrong with it; empty when all is well."""
        ...


class Enhancement(Protocol):
    """The dehaze stage: see ``live_dehazer.LiveDehazer``."""

    strength: float
    bypassed: bool

    @property
    def engine(self) -> str:
        """Name of the engine at work; empty until it is open."""
        ...

    @property
    def memory(self) -> MemoryState | None:
        """What is remembered of the scene; None until an engine is open."""
        ...


class LiveControls:
    """Connects the window's keys and marks with the parts of a live run."""

    def __init__(
        self,
        *,
        enhancement: Enhancement,
        latch: BypassLatch,
        stats: Stats,
        recordings: Sequence[Recording] = (),
        trouble: Callable[[], str] = lambda: "",
        frozen: Callable[[], bool] = lambda: False,
        damaged: Callable[[], int] = lambda: 0,
        outlet_troubles: Sequence[Callable[[], str]] = (),
        on_shown: Callable[[Frame], None] = lambda _: None,
    ) -> None:
        """Keep hold of the parts; nothing is asked before the window does. ``on_shown`` hears of every shown frame."""
        self._on_shown = on_shown
        self._enhancement = enhancement
        self._latch = latch
        self._stats = stats
        self._recordings = recordings
        self._trouble = trouble
        self._frozen = frozen
        self._damaged = damaged
        self._damage = (0, float("-inf"))
        self._outlet_troubles = list(outlet_troubles)
        self._said = ("", float("-inf"))
        self._panel: tuple[float, list[str]] = (float("-inf"), [])
        self._figures: tuple[float, dict[str, float]] = (float("-inf"), {})

    @property
    def engine(self) -> str:
        """Name of the engine at work."""
        return self._enhancement.engine

    @property
    def strength(self) -> float:
        """Share of the haze that is removed."""
        return self._enhancement.strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._enhancement.strength = strength

    @property
    def bypassed(self) -> bool:
        """Whether the viewer has asked for the original."""
        return self._enhancement.bypassed

    @bypassed.setter
    def bypassed(self, bypassed: bool) -> None:
        self._enhancement.bypassed = bypassed
        if not bypassed and self._latch.reason:
            self._latch.release(time.monotonic())

    @property
    def trouble(self) -> str:
        """What is wrong with the signal."""
        return self._trouble()

    @property
    def frozen(self) -> bool:
        """Whether the source repeats one picture."""
        return self._frozen()

    @property
    def recording(self) -> str:
        """Length of the current file."""
        going = [recording for recording in self._recordings if recording.wanted]
        return _clock(going[0].seconds) if going else ""

    @property
    def warnings(self) -> Sequence[str]:
        """Latency, disks, damage of the signal, outlets, faults of outlets that were lost, and what was said lately."""
        now = time.monotonic()
        said, since = self._said
        lines = [
            self._latch.warning(now),
            *(recording.warning for recording in self._recordings),
            *(trouble() for trouble in self._outlet_troubles),
            *list(self._stats.faults),
            self._damage_just_now(now),
            said if now - since < SAID_SECONDS else "",
        ]
        return [line[:_LONGEST_LINE] for line in lines if line]

    @property
    def panel(self) -> Sequence[str]:
        """Added latency, dehaze time, age of the maps, drops, bypassed frames; counted anew twice a second."""
        now = time.monotonic()
        if now - self._panel[0] >= _PANEL_SECONDS:
            self._panel = now, self._lines()
        return self._panel[1]

    @property
    def figures(self) -> Mapping[str, float]:
        """Added latency to the window, or without one to the sending to browsers, and counts; anew twice a second."""
        now = time.monotonic()
        if now - self._figures[0] >= _PANEL_SECONDS:
            self._figures = now, self._counted()
        return self._figures[1]

    def bookmark(self, note: str) -> None:
        """Make a chapter of every recording begin now."""
        going = [recording for recording in self._recordings if recording.wanted]
        for recording in going:
            recording.bookmark(note)
        self.say(f"bookmark: {note}" if going else "no bookmark: nothing is being recorded")

    def warn_of(self, trouble: Callable[[], str]) -> None:
        """Ask one more outlet for what is wrong with it."""
        self._outlet_troubles.append(trouble)

    def toggle_recording(self) -> None:
        """Start or stop all recorders."""
        if not self._recordings:
            self.say("there is nothing to record with")
            return
        wanted = not any(recording.wanted for recording in self._recordings)
        for recording in self._recordings:
            recording.wanted = wanted
        self.say("recording" if wanted else "recording stopped")

    def shown(self, frame: Frame) -> None:
        """Time and count a frame that was just handed to the display."""
        added_ns = time.monotonic_ns() - frame.captured_ns
        self._on_shown(frame)
        self._stats.stage(CAPTURE_TO_WINDOW).record(added_ns)
        self._stats.written[WINDOW] += 1
        self._stats.positions[WINDOW] = float(frame.seconds)
        self._latch.shown(added_ns / 1e9, time.monotonic())

    def say(self, text: str) -> None:
        """Show a line for a few seconds."""
        self._said = text, time.monotonic()

    def _damage_just_now(self, now: float) -> str:
        """What is said for a few seconds after the signal was damaged once more."""
        count, since = self._damage
        if (damaged := self._damaged()) != count:
            self._damage = count, since = damaged, now
        return f"the signal is damaged: {count} times so far" if now - since < SAID_SECONDS else ""

    def _counted(self) -> dict[str, float]:
        stats = self._stats
        stages = dict(stats.stages)
        added = next((stages[name] for name in (CAPTURE_TO_WINDOW, CAPTURE_TO_WEB) if name in stages), None)
        memory = self._enhancement.memory
        remembered = {"memory_age_seconds": memory.age_seconds} if memory is not None and memory.trust > 0 else {}
        return remembered | {
            "added_p50_ms": added.percentile_ms(50) if added else 0.0,
            "added_p99_ms": added.percentile_ms(99) if added else 0.0,
            "captured": stats.captured,
            "dropped": sum(stats.dropped.values()),
            "bypassed": sum(stats.bypassed.values()),
        }

    def _lines(self) -> list[str]:
        stats = self._stats
        lines = []
        for label, stage in (("added", CAPTURE_TO_WINDOW), ("dehaze", "dehaze"), ("maps' age", MAP_AGE)):
            times = stats.stage(stage)
            shown = " ".join(f"p{percent} {times.percentile_ms(percent):.1f}" for percent in PERCENTILES)
            lines.append(f"{label} {shown} max {times.max_ms:.0f} ms")
        lines.append(f"frames {stats.captured} dropped {sum(stats.dropped.values())}")
        memory = stats.memory()
        if memory:
            lines.append(f"memory {memory['age_seconds']:.0f} s old, trust {memory['trust']:.0%}")
        lines.append(f"damaged {self._damaged()}")
        lines.append(f"bypassed {sum(stats.bypassed.values())} latched {self._latch.count}")
        return lines


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes:02d}:{seconds:02d}"
