"""Delay from capture to the canvas of the console: ``python -m benchmarks.speed.console_latency``.

The phantom runs in real time through capture, dehaze and the console; a real Chromium on this machine shows the page.
Every frame carries its number in its pixels; a script in the page reads it back from the canvas right after painting
and notes the time of day. Needs Chromium and playwright. The browser shares the processor with everything else.
"""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2  # noqa: F401 - before PyAV: otherwise its window hangs
import numpy as np
from cyclopts import App

from benchmarks.speed.live_latency import FORMATS, LiveName, PhantomRing
from eid_stream.backends import open_engine
from eid_stream.core.engine_names import EngineName
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import PERCENTILES, Stats
from eid_stream.live.bypass_latch import BypassLatch
from eid_stream.live.controls import WEB, LiveControls
from eid_stream.live.live_dehazer import LiveDehazer
from eid_stream.sinks.web.server.access import Access
from eid_stream.sinks.web.server.listener import Address
from eid_stream.sinks.web.web_console import WebConsole
from eid_stream.sources.phantom.codes import CodeValues
from eid_stream.sources.phantom.frame_number import paint_frame_number
from eid_stream.sources.real_time import RealTimeSource
from tests.browser import browser

VIEWS = {"one picture": "", "border": "v", "side by side": "s"}
_WARM_SECONDS = 4.0
_SPARE_SECONDS = 8.0
_READ_STAMP = (Path(__file__).parent / "read_stamp.js").read_text(encoding="utf-8")

app = App(help=__doc__)


class StampedPhantom:
    """Frames of the phantom, each with its own number in its pixels; remembers when each was captured."""

    def __init__(self, size: str, rate: int, seconds: float) -> None:
        self._ring = PhantomRing(size, rate, seconds)
        self.info: StreamInfo = self._ring.info
        values = CodeValues(layout=self.info.layout, full_range=False)
        self._dark, self._bright = values.black[0], values.white
        self.captured_ms: dict[int, float] = {}
        """Time of day in milliseconds since 1970, by frame number."""

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._ring:
            luma = frame.planes[0].copy()
            paint_frame_number(luma, frame.index, self._dark, self._bright)
            yield replace(frame, planes=(luma, *frame.planes[1:]), buffer=None)

    def close(self) -> None:
        """Nothing to release."""


class _Clocked:
    """Notes the time of day at which a real-time source hands a frame over."""

    def __init__(self, source: RealTimeSource, captured_ms: dict[int, float]) -> None:
        self.info = source.info
        self._source = source
        self._captured_ms = captured_ms

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self._captured_ms[frame.index] = time.time() * 1e3
            yield frame

    def close(self) -> None:
        self._source.close()


@app.default
def main(
    *, only: LiveName = "1080p30", engine: EngineName = "auto", seconds: float = 12.0, codec: str = "h264"
) -> None:
    """Time every picture from its capture to the canvas, in three views one after the other.

    Parameters
    ----------
    only
        Format of the phantom.
    engine
        Engine at work meanwhile.
    seconds
        Length of each view, after warming up.
    codec
        What the page is sent: h264 or jpeg.
    """
    size, rate = FORMATS[only]
    phantom = StampedPhantom(size, rate, _SPARE_SECONDS + len(VIEWS) * (seconds + _WARM_SECONDS))
    told: dict[str, object] = {"benchmark": "console latency", "format": only, "codec": codec, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        seen = _run(phantom, Path(folder), engine, seconds, codec)
    columns = (*(f"p{percent}" for percent in PERCENTILES), "max", "frames")
    print(f"Capture to canvas, {only}, {codec}, Chromium on the same {os.cpu_count()} cores, milliseconds")
    print(f"{'view':<14}" + "".join(f"{column:>9}" for column in columns))
    for view, marks in seen.items():
        delays = [at - phantom.captured_ms[number] for number, at in marks if number in phantom.captured_ms]
        told[view] = _row(view, delays, rate * seconds)
    print(json.dumps(told))


def _row(view: str, delays: list[float], expected: float) -> dict[str, float]:
    if not delays:
        print(f"{view:<14}  nothing was painted")
        return {"painted": 0.0}
    found = {f"p{percent}": float(np.percentile(delays, percent)) for percent in PERCENTILES} | {"max": max(delays)}
    painted = len(delays) / expected
    print(f"{view:<14}" + "".join(f"{value:>9.1f}" for value in found.values()) + f"{painted:>8.0%}")
    return {name: round(value, 2) for name, value in found.items()} | {"painted": round(painted, 4)}


def _run(
    phantom: StampedPhantom, folder: Path, engine: EngineName, seconds: float, codec: str
) -> dict[str, list[tuple[int, float]]]:
    latch, stats = BypassLatch(), Stats()
    enhancement = LiveDehazer(lambda: open_engine(engine), latch, stats=stats)
    controls = LiveControls(enhancement=enhancement, latch=latch, stats=stats)
    console = WebConsole(controls, phantom.info, address=Address(), access=Access(), folder=folder)
    source = _Clocked(RealTimeSource(phantom), phantom.captured_ms)
    pipeline = Pipeline(source, enhancement.dehaze, [Outlet(WEB, console)], stats=stats)
    running = threading.Thread(target=pipeline.run)
    running.start()
    try:
        return _look(f"http://127.0.0.1:{console.port}/?codec={codec}", seconds)
    finally:
        pipeline.stop()
        running.join()
        enhancement.close()


def _look(address: str, seconds: float) -> dict[str, list[tuple[int, float]]]:
    seen: dict[str, list[tuple[int, float]]] = {}
    with browser() as context:
        page = context.new_page()
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.add_init_script(_READ_STAMP)
        page.goto(address)
        for view, key in VIEWS.items():
            if key:
                page.keyboard.press(key)
            time.sleep(_WARM_SECONDS)
            page.evaluate("() => { window.stamps = []; }")
            time.sleep(seconds)
            seen[view] = [(int(number), float(at)) for number, at in page.evaluate("() => window.stamps")]
    return seen


if __name__ == "__main__":
    app()
