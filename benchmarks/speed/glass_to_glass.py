"""Delay from a screen back to a capture source: ``python -m benchmarks.speed.glass_to_glass --source /dev/video0``.

A window shows one ArUco marker after the other; whatever the source sees of them is timed. Point a camera at the
window to measure screen and camera together. Point it at another screen, on which eid-stream shows a camera that
looks at the window, to measure the whole chain; the difference is what eid-stream adds, glass to glass.
"""

import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field

import cv2
import numpy as np
from cyclopts import App
from numpy.typing import NDArray

from eid_stream.core.errors import SourceReadError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Source
from eid_stream.flow.stats import PERCENTILES, Histogram
from eid_stream.sinks.window.event_queue import give_events_to_the_window
from eid_stream.sources.live.live_address import open_live

CODES = 250
"""Markers in turn; at 60 a second they repeat after four seconds."""
TITLE = "glass to glass"
_ENDING_SECONDS = 5.0
_MARGIN = 1 / 4
_LONGEST_NS = 3_000_000_000

app = App(help=__doc__)


@dataclass
class Sightings:
    """When each code was last painted, and how long it took to be seen for the first time."""

    delays: Histogram = field(default_factory=Histogram)
    _painted_ns: dict[int, int] = field(default_factory=dict)

    def painted(self, code: int, now_ns: int) -> None:
        """Note that a code is on the screen."""
        self._painted_ns[code] = now_ns

    def seen(self, code: int, captured_ns: int) -> None:
        """Note that a code was captured; only its first sighting counts."""
        painted_ns = self._painted_ns.pop(code, None)
        if painted_ns is not None and 0 <= captured_ns - painted_ns < _LONGEST_NS:
            self.delays.record(captured_ns - painted_ns)


@app.default
def main(*, source: str = "screen:", seconds: float = 10.0, size: int = 320, rate: float = 30.0) -> None:
    """Show markers and time their return.

    Parameters
    ----------
    source
        Where the screen is seen: a camera, a capture card, a stream, or screen: for the X11 screen itself.
    seconds
        How long to measure.
    size
        Width and height of the marker window in pixels.
    rate
        Markers per second.
    """
    told = measure(open_live(source), seconds=seconds, size=size, rate=rate)
    if not told.count:
        print("No marker was seen. Is the whole window in view, in focus and not too dark?")
    print(f"{'':<16}" + "".join(f"{f'p{percent}':>9}" for percent in PERCENTILES) + f"{'max':>9}{'markers':>9}")
    values = "".join(f"{told.percentile_ms(percent):>9.2f}" for percent in PERCENTILES)
    print(f"{'glass to glass':<16}{values}{told.max_ms:>9.2f}{told.count:>9}")
    print(json.dumps({"benchmark": "glass to glass", "source": source, **told.as_dict()}))


def measure(source: Source, *, seconds: float, size: int, rate: float) -> Histogram:
    """Show markers in the calling thread, which must be the main one, while another thread looks for them."""
    sightings = Sightings()
    watcher = threading.Thread(target=_watch, args=(source, sightings), daemon=True)
    with closing(source):
        watcher.start()
        _show(sightings, seconds=seconds, size=size, rate=rate)
    watcher.join(timeout=_ENDING_SECONDS)  # a thread inside OpenCV when Python ends aborts the process
    return sightings.delays


def marker(code: int, size: int) -> NDArray[np.uint8]:
    """A black and white picture of a code with the white margin that finding it needs."""
    margin = round(size * _MARGIN / 2)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)
    inside = cv2.aruco.generateImageMarker(dictionary, code, size - 2 * margin)
    picture = np.full((size, size), 255, np.uint8)
    picture[margin : size - margin, margin : size - margin] = inside
    return picture


def find_codes(frame: Frame) -> list[int]:
    """The codes that can be read in a frame."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)
    shift = frame.layout.bit_depth - 8
    luma = (frame.planes[0] >> shift).astype(np.uint8)
    _, codes, _ = cv2.aruco.ArucoDetector(dictionary).detectMarkers(luma)
    return [] if codes is None else [int(code) for code in np.asarray(codes).ravel()]


def _show(sightings: Sightings, *, seconds: float, size: int, rate: float) -> None:
    pictures = [marker(code, size) for code in range(CODES)]
    give_events_to_the_window()
    cv2.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
    start = time.monotonic()
    number = 0
    while (now := time.monotonic()) - start < seconds:
        due = start + number / rate
        if now < due:
            time.sleep(due - now)
        cv2.imshow(TITLE, pictures[number % CODES])
        cv2.pollKey()
        sightings.painted(number % CODES, time.monotonic_ns())
        number += 1
    cv2.destroyWindow(TITLE)


def _watch(source: Source, sightings: Sightings) -> None:
    try:
        for frame in source:
            for code in find_codes(frame):
                sightings.seen(code, frame.captured_ns)
    except SourceReadError as error:
        print(error)


if __name__ == "__main__":
    app()
