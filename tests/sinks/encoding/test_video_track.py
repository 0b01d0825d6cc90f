from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, Frame, StreamInfo
from eid_stream.sinks.file.recorder import Recorder
from tests.media.reading import read_pictures

LAYOUT = PIXEL_LAYOUTS["yuv420p"]


def test_a_picture_that_other_outlets_of_a_live_run_hold_keeps_its_own_time_stamp(tmp_path: Path) -> None:
    info = StreamInfo("camera", 64, 48, LAYOUT, Colour(), Fraction(1, 25), nominal_rate=Fraction(25), live=True)
    recorder = Recorder(tmp_path / "out.mkv", info)
    planes, buffer = allocate(64, 48, LAYOUT)
    for plane in planes:
        plane[...] = np.uint8(90)
    assert isinstance(buffer, VideoFrame)
    buffer.pts = 4711
    recorder.write(Frame(planes, LAYOUT, Colour(), 5, Fraction(1, 25), 0, 0, buffer=buffer))
    recorder.publish()
    assert buffer.pts == 4711
    assert len(read_pictures(tmp_path / "out.mkv")) == 1
