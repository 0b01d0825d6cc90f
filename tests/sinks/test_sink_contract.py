"""What every sink does, whatever it does with the frames. Add new sinks to ``SINKS``."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.core.interfaces import Sink
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.null import NullSink
from eid_stream.sinks.web.server.access import Access
from eid_stream.sinks.web.server.listener import Address
from eid_stream.sinks.web.web_console import WebConsole
from tests.sinks.web.fake_run import FakeRun

LAYOUT = PIXEL_LAYOUTS["yuv420p"]
INFO = StreamInfo("made up", 64, 48, LAYOUT, Colour(), Fraction(1, 25), nominal_rate=Fraction(25))
SINKS: dict[str, Callable[[Path], Sink]] = {
    "null": lambda _: NullSink(),
    "recorder": lambda folder: Recorder(folder / "out.mkv", INFO),
    "console": lambda folder: WebConsole(FakeRun(), INFO, address=Address(), access=Access(), folder=folder),
}


@pytest.fixture(params=SINKS)
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Sink:
    return SINKS[request.param](tmp_path)


def frame(number: int) -> Frame:
    planes, picture = allocate(64, 48, LAYOUT)
    for plane in planes:
        plane[...] = 40 + number
        plane.flags.writeable = False
    return Frame(planes, LAYOUT, Colour(), number, Fraction(1, 25), number, 0, buffer=picture)


def test_a_sink_takes_frames_and_only_reads_them(sink: Sink) -> None:
    frames = [frame(number) for number in range(30)]
    for each in frames:
        sink.write(each)
    sink.close()
    for number, each in enumerate(frames):
        assert all(np.all(plane == 40 + number) for plane in each.planes)


def test_a_sink_may_be_closed_twice_and_without_a_frame(sink: Sink) -> None:
    sink.close()
    sink.close()
