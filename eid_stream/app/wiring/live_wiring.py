"""From options to the parts of a live run: the guarded dehaze stage, the window, the outlets."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import NULL_ADDRESS, Options
from eid_stream.app.telling.enhanced_mark import enhanced_mark
from eid_stream.app.wiring.memory_wiring import remembering
from eid_stream.app.wiring.outlet_wiring import LiveOutlets, open_outlets
from eid_stream.backends import open_engine
from eid_stream.backends.fallback_engine import FallbackEngine
from eid_stream.core.errors import ConfigError
from eid_stream.core.frame import StreamInfo
from eid_stream.core.interfaces import Source
from eid_stream.dehazing.correction_check import check_correction
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.stats import Stats
from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy
from eid_stream.live.controls import WEB, LiveControls
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.live.metrics import MetricsEndpoint
from eid_stream.sinks.window.monitors import check_display, find_monitor, has_display
from eid_stream.sinks.window.view import View
from eid_stream.sinks.window.window import Window
from eid_stream.sources.damage import damage_of
from eid_stream.sources.live.frozen_input import FrozenInputWatch
from eid_stream.sources.live.live_address import CaptureWish, open_live
from eid_stream.sources.live.reconnecting import ReconnectingSource
from eid_stream.sources.wrapping import innermost


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What a live run has beyond a source."""

    source: Source
    enhancement: LiveDehazer
    outlets: LiveOutlets
    window: Window | None
    engine_choice: Callable[[], Sequence[str]]
    """Why which engine is in use; empty until one is open."""


def open_live_source(address: str, live: LiveOptions) -> Source:
    """The source of a live address."""
    width, height = live.capture_size()
    wish = CaptureWish(width, height, live.rate, live.pixel_format)
    return open_live(address, wish)


def assemble_live(options: Options, live: LiveOptions, source: Source, stats: Stats, opened: ExitStack) -> LiveParts:
    """Build a live run around an open source. Everything is closed by ``opened``.

    Raises:
        EidStreamError: something cannot be used.
    """
    windowed = wants_window(options, live)
    watched = windowed or live.web is not None
    if options.compare is not None and not windowed:
        raise ConfigError(
            "--compare belongs to the window of a live run, which records plainly. Leave one of them out."
        )
    monitor = find_monitor(live.monitor or 0) if windowed else None
    _tell_of_lost_signals()
    latch = BypassLatch(_policy(live))
    enhancement, engine_choice = _dehazer(options, live, source.info, stats, latch, wait_for_engine=not watched)
    opened.callback(enhancement.close)
    watch = FrozenInputWatch(source)
    outlets = open_outlets(
        options, live, source.info, lambda: enhanced_mark(enhancement.card, enhancement.strength), watched=watched
    )
    controls = _controls(enhancement, latch, stats, outlets, watch, source)
    if live.web is not None:
        from eid_stream.app.wiring.web_wiring import open_console

        console = open_console(live, live.web, controls, source.info)
        opened.callback(console.close)
        controls.warn_of(lambda: console.trouble)
        outlets.outlets.append(Outlet(WEB, console, essential=False))
    if live.metrics is not None:
        endpoint = MetricsEndpoint(stats, live.metrics, bypass_reason=lambda: latch.reason)
        opened.callback(endpoint.close)
    window = None
    if windowed:
        window = Window(
            controls,
            source.info,
            view=View(
                split=options.compare == "split",
                side_by_side=options.compare == "side",
                marks_outside=live.marks_outside,
                upscale=live.upscale,
            ),
            monitor=monitor,
            fullscreen=live.fullscreen,
            screenshots=Path(live.screenshots),
        )
    return LiveParts(watch, enhancement, outlets, window, engine_choice)


def wants_window(options: Options, live: LiveOptions) -> bool:
    """Whether a live run shows its picture: where asked, without ``--out`` and ``--web``,
    and beside them if that is possible.

    Raises:
        SinkOpenError: a window is needed and there is no display.
    """
    if live.window or (live.window is None and options.out is None and live.web is None):
        check_display()
        return True
    return live.window is None and options.out not in ("-", NULL_ADDRESS) and has_display()


def _policy(live: LiveOptions) -> BypassPolicy:
    return BypassPolicy(limit_seconds=live.latency_limit / 1000.0, automatic_return=live.bypass_return == "auto")


def _dehazer(
    options: Options, live: LiveOptions, info: StreamInfo, stats: Stats, latch: BypassLatch, *, wait_for_engine: bool
) -> tuple[LiveDehazer, Callable[[], Sequence[str]]]:
    """With a window the picture is shown while the engine is still being opened; without one nobody is waiting."""
    engines: list[FallbackEngine] = []

    def opened() -> FallbackEngine:
        if not engines:
            check_correction(info.layout)
            engines.append(open_engine(options.engine, options.weights))
        return engines[0]

    if wait_for_engine:
        opened()
    dehazer = LiveDehazer(
        opened,
        latch,
        stats=stats,
        strength=options.strength,
        make_estimator=partial(remembering, stats),
        new_scene_seconds=live.deadline / 1000.0,
        oldest_maps_seconds=live.map_age_limit / 1000.0,
    )
    return dehazer, lambda: engines[0].reasons if engines else ()


def _controls(
    enhancement: LiveDehazer,
    latch: BypassLatch,
    stats: Stats,
    outlets: LiveOutlets,
    watch: FrozenInputWatch,
    source: Source,
) -> LiveControls:
    inside = innermost(source)
    return LiveControls(
        enhancement=enhancement,
        latch=latch,
        stats=stats,
        recordings=outlets.recorders,
        trouble=(lambda: inside.trouble) if isinstance(inside, ReconnectingSource) else (lambda: ""),
        damaged=lambda: damage_of(inside).count,
        frozen=lambda: watch.frozen,
        outlet_troubles=[partial(getattr, stream, "trouble") for stream in outlets.streams],
    )


def _tell_of_lost_signals() -> None:
    """Sources and outlets that are lost and looked for again say so on standard error, window or not."""
    told = logging.getLogger("eid_stream.live")
    if not told.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        told.addHandler(handler)
