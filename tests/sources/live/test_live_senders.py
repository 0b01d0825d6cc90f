import itertools
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from eid_stream.core.errors import SourceOpenError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Source
from eid_stream.sources.live.live_address import open_live
from eid_stream.sources.live.reconnecting import ReconnectingSource
from tests.senders import (
    FFMPEG,
    QUIET,
    ffmpeg,
    ffmpeg_protocols,
    free_port,
    needs_ffmpeg,
    over_rtsp,
    over_udp,
    sending,
)

PATIENCE_SECONDS = 30.0


def until_gap(before: Frame, frames: Iterator[Frame], gap_seconds: float) -> tuple[Frame, Frame]:
    """The frames around the first pause of at least ``gap_seconds`` on the time line."""
    limit = time.monotonic() + PATIENCE_SECONDS
    for frame in frames:
        if frame.seconds - before.seconds >= gap_seconds:
            return before, frame
        assert frame.index == before.index + 1
        assert time.monotonic() < limit, "the signal was never seen to be lost"
        before = frame
    raise AssertionError("the source ended")


def check_lost_and_found(source: Source, first: Frame, frames: Iterator[Frame]) -> None:
    """The time line shows the gap as long as it was for us."""
    before, after = until_gap(first, frames, gap_seconds=1.0)
    in_room = (after.captured_ns - before.captured_ns) / 1e9
    assert after.index == before.index + 1
    assert float(after.seconds - before.seconds) == pytest.approx(in_room, abs=1.0)
    assert isinstance(source, ReconnectingSource)
    assert (source.trouble, source.damage.lost_signals > 0) == ("", True)


def open_live_patiently(address: str) -> Source:
    """The sender may need a moment until it listens."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return open_live(address)
        except SourceOpenError:
            assert time.monotonic() < limit
            time.sleep(0.1)


@needs_ffmpeg
def test_a_stalled_sender_is_noticed_and_followed_when_it_goes_on() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with ffmpeg(*sending(*over_udp(port))) as sender, closing(open_live(f"udp://127.0.0.1:{port}")) as source:
        frames = iter(source)
        first = next(frames)
        sender.send_signal(signal.SIGSTOP)
        resume = subprocess.Popen(["sh", "-c", f"sleep 3; kill -CONT {sender.pid}"])
        check_lost_and_found(source, first, frames)
        resume.wait()


@needs_ffmpeg
def test_a_killed_server_is_found_again_when_it_is_back() -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/feed"
    serve = sending("-f", "mpegts", "-listen", "1", address)
    with ffmpeg(*serve) as first, closing(open_live_patiently(address)) as source:
        frames = iter(source)
        frame = next(frames)
        first.kill()
        first.wait()
        restart = ["sh", "-c", 'sleep 2; exec "$@"', "sh", str(FFMPEG), *QUIET, *serve]
        with subprocess.Popen(restart) as second:
            try:
                check_lost_and_found(source, frame, frames)
            finally:
                second.kill()


@needs_ffmpeg
def test_an_rtsp_sender_is_received() -> None:
    port = free_port()
    address = f"rtsp://127.0.0.1:{port}/feed"
    with subprocess.Popen(
        ["sh", "-c", 'sleep 1; exec "$@"', "sh", str(FFMPEG), *QUIET, *sending(*over_rtsp(address))]
    ) as sender:
        try:
            with closing(open_live(f"{address}?listen=1")) as source:
                frames = list(islice(source, 5))
        finally:
            sender.kill()
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert (source.info.width, source.info.height, source.info.codec) == (160, 120, "h264")


@needs_ffmpeg
def test_srt_is_received_through_the_ffmpeg_program() -> None:
    if "srt" not in ffmpeg_protocols():
        pytest.skip("the ffmpeg program has no SRT")
    port = free_port(socket.SOCK_DGRAM)
    with (
        ffmpeg(*sending("-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener")),
        closing(open_live_patiently(f"srt://127.0.0.1:{port}")) as source,
    ):
        frames = list(islice(source, 5))
    assert [(frame.index, frame.width) for frame in frames] == [(number, 160) for number in range(5)]


@needs_ffmpeg
def test_a_change_of_size_in_mid_stream_is_followed() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with ffmpeg(*sending(*over_udp(port))) as small, closing(open_live(f"udp://127.0.0.1:{port}")) as source:
        frames = iter(source)
        assert next(frames).width == 160
        small.kill()
        with ffmpeg(*sending(*over_udp(port), pictures="testsrc2=size=320x240:rate=25,format=yuv420p")):
            limit = time.monotonic() + PATIENCE_SECONDS
            frame = next(frame for frame in frames if frame.width == 320 or time.monotonic() > limit)
    assert (frame.width, frame.height) == (320, 240)


@needs_ffmpeg
def test_closing_ends_a_reader_that_waits_for_a_silent_sender() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with ffmpeg(*sending(*over_udp(port))) as sender:
        source = open_live(f"udp://127.0.0.1:{port}")
        frames = iter(source)
        next(frames)
        sender.send_signal(signal.SIGSTOP)
        source.close()
        assert len(list(frames)) < 50


@needs_ffmpeg
def test_packets_that_are_lost_on_the_way_are_counted(tmp_path: Path) -> None:
    """A transport stream in datagrams as FFmpeg sends them, some of which never arrive."""
    video = tmp_path / "sent.ts"
    made = [str(FFMPEG), *QUIET, *sending("-frames:v", "75", "-f", "mpegts", str(video))[1:]]
    subprocess.run(made, check=True)
    port = free_port(socket.SOCK_DGRAM)
    content, over = video.read_bytes(), threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number, start in enumerate(itertools.cycle(range(0, len(content), 1316))):
                if over.is_set():
                    return
                if number % 40 != 39:
                    sender.sendto(content[start : start + 1316], ("127.0.0.1", port))
                time.sleep(0.002)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    with closing(open_live(f"udp://127.0.0.1:{port}")) as source:
        assert isinstance(source, ReconnectingSource)
        for _, frame in zip(range(400), source, strict=False):
            assert frame.width
            if source.damage.corrupt_packets:
                break
        over.set()
        assert source.damage.corrupt_packets > 0
        assert any("arrived damaged" in sentence for sentence in source.damage.sentences())
    thread.join()
