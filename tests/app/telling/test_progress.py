import io
import time

from eid_stream.app.telling.progress import Pace, shown_progress
from eid_stream.core.frame import StreamInfo
from eid_stream.flow.stats import Stats
from tests.command import wait_until
from tests.stand_ins.failing_stages import CountingSource


class Terminal(io.StringIO):
    """Somewhere a bar can be drawn."""

    def isatty(self) -> bool:
        return True


def at_half(info: StreamInfo) -> Pace:
    stats = Stats()
    pace = Pace(stats, info)
    stats.written["record"] = 50
    stats.positions["record"] = 2.0
    time.sleep(0.01)
    return pace


def test_frames_rate_share_and_time_left_are_told() -> None:
    pace = at_half(CountingSource(100).info)
    words = pace.told().split(", ")
    assert pace.done == 0.5
    assert words[0] == "50 frames"
    assert 0 < float(words[1].removesuffix(" frames/s")) < 5000, "50 frames in a hundredth of a second or more"
    assert words[2] == "50%"
    assert words[3].endswith(" left")


def test_without_a_frame_count_the_share_comes_from_the_time_reached() -> None:
    info = CountingSource().info
    assert at_half(StreamInfo("a", 32, 16, info.layout, info.colour, info.time_base, duration_seconds=8.0)).done == 0.25


def test_a_stream_of_unknown_length_is_told_without_share_and_time_left() -> None:
    info = CountingSource().info
    told = at_half(StreamInfo("a", 32, 16, info.layout, info.colour, info.time_base)).told()
    assert told.startswith("50 frames, ")
    assert "left" not in told


def test_the_slowest_outlet_is_the_one_that_counts() -> None:
    stats = Stats()
    pace = Pace(stats, CountingSource(100).info)
    stats.written.update(window=80, record=20)
    assert pace.frames == 20


def test_a_file_or_pipe_gets_plain_lines() -> None:
    stream = io.StringIO()
    with shown_progress(at_half(CountingSource(100).info), stream, plain_interval_seconds=0.01):
        wait_until(lambda: stream.getvalue().count("\n") >= 2)
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("50 frames, ") and "\x1b" not in line for line in lines)


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end() -> None:
    stream = Terminal()
    with shown_progress(at_half(CountingSource(100).info), stream):
        wait_until(lambda: "50 frames, " in stream.getvalue())
    assert "50 frames, " in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")
