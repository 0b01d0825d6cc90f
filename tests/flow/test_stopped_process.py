"""A run whose process stands still (a laptop that sleeps, a machine with too much to do) goes on when it may."""

import os
import signal
import subprocess
import sys
import time

import pytest

FRAMES = 80
PROGRAM = f"""
import time
from fractions import Fraction
import numpy as np
from eid_stream.core.frame import Colour, Frame, PIXEL_LAYOUTS, StreamInfo
from eid_stream.flow.outlet import Outlet
from eid_stream.flow.pipeline import Pipeline
from eid_stream.flow.stats import Stats
from eid_stream.sinks.null import NullSink
from eid_stream.sources.real_time import RealTimeSource

layout = PIXEL_LAYOUTS["yuv420p"]
planes = tuple(np.zeros(shape, np.uint8) for shape in layout.plane_shapes(16, 16))

class Clock:
    info = StreamInfo("clock", 16, 16, layout, Colour(), Fraction(1, 20), live=False)
    def __iter__(self):
        for number in range({FRAMES}):
            yield Frame(planes, layout, Colour(), number, Fraction(1, 20), number, time.monotonic_ns())
    def close(self):
        pass

stats = Stats()
print("begins", flush=True)
Pipeline(RealTimeSource(Clock()), lambda frame: frame, [Outlet("null", NullSink())], stats=stats).run()
print(stats.captured, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process and let it go on")
def test_a_live_run_that_was_stopped_for_a_while_is_not_taken_for_one_that_is_to_end() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(2.0)
        os.kill(process.pid, signal.SIGCONT)
        assert process.stdout.readline() == f"{FRAMES}\n"
    assert process.returncode == 0
