"""A source that is lost and comes back: what is told meanwhile, and how little is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction

import pytest

from eid_stream.core.errors import ConfigError, SourceReadError
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sources.damage import Damage
from eid_stream.sources.live.reconnecting import ReconnectingSource
from tests.stand_ins.failing_stages import LAYOUT, make_frame


class Camera:
    """So many frames, then the cable is pulled; without a pause between them."""

    def __init__(self, frames: int = 1_000_000) -> None:
        info = make_frame(0)
        self.info = StreamInfo("camera", info.width, info.height, LAYOUT, info.colour, Fraction(1, 25), live=True)
        self.damage = Damage()
        self.given = 0
        self._frames = frames
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        while self.given < self._frames and not self._closed.is_set():
            self.given += 1
            yield make_frame(self.given)
        if not self._closed.is_set():
            raise SourceReadError("The cable was pulled.")

    def close(self) -> None:
        self._closed.set()


def until(true: Callable[[], object]) -> None:
    limit = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.005)


def read_in_background(source: ReconnectingSource) -> threading.Thread:
    def read() -> None:
        for _ in source:
            pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("The device does not offer what was asked for."),
        RuntimeError("no such mode"),
        OSError(19, "No device"),
    ],
)
def test_whatever_keeps_a_device_from_coming_back_is_the_reason_that_is_shown(error: Exception) -> None:
    attempts = iter(range(1_000_000))

    def connect() -> Camera:
        if next(attempts) == 0:
            return Camera(frames=1)
        raise error

    source = ReconnectingSource(connect, first_pause_seconds=0.001, longest_pause_seconds=0.001)
    thread = read_in_background(source)
    until(lambda: str(error).split("]")[-1].strip() in source.trouble)
    until(lambda: next(attempts) > 5)
    source.close()
    thread.join(5)
    assert not thread.is_alive()


def test_behind_a_run_that_is_held_up_only_the_newest_frames_are_kept() -> None:
    camera = Camera()
    with closing(ReconnectingSource(lambda: camera)) as source:
        frames = iter(source)
        first = next(frames)
        until(lambda: camera.given > 1000)
        following = [int(next(frames).planes[0][0, 0]) for _ in range(4)]
        assert first.index == 0
        assert source.damage.unread_frames > 900
        assert len(following) == 4
        frames.close()  # type: ignore[attr-defined]
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "connection"])


def test_damage_is_counted_over_all_connections() -> None:
    cameras = [Camera(frames=2), Camera()]
    for camera, packets in zip(cameras, (3, 4), strict=True):
        camera.damage.corrupt_packets = packets
    waiting = iter(cameras)
    with closing(ReconnectingSource(lambda: next(waiting), first_pause_seconds=0.001)) as source:
        frames = iter(source)
        for _ in range(4):
            next(frames)
        damage = source.damage
    assert (damage.corrupt_packets, damage.lost_signals) == (7, 1)
    assert "Packets of video that arrived damaged: 7." in damage.sentences()
    assert "Times the signal was lost: 1." in damage.sentences()


def test_a_reader_that_goes_away_leaves_no_connection_behind() -> None:
    camera = Camera()
    frames = iter(ReconnectingSource(lambda: camera))
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    until(lambda: camera._closed.is_set())
