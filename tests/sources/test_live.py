import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from eid_stream.errors import ConfigError, SourceOpenError, SourceReadError
from eid_stream.frame import Frame
from eid_stream.interfaces import Source
from eid_stream.sources.live import is_live, open_live
from eid_stream.sources.opencv_camera import OpenCvCamera
from eid_stream.sources.reconnecting import ReconnectingSource
from tests.senders import (
    FFMPEG,
    QUIET,
    ffmpeg,
    ffmpeg_protocols,
    free_port,
    http_server,
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
    assert (source.trouble, source.reconnections > 0) == ("", True)


def test_a_generator_delivers_in_real_time() -> None:
    with closing(open_live("lavfi:testsrc2=size=64x48:rate=25,format=yuv420p")) as source:
        frames = list(islice(source, 11))
    assert source.info.live
    assert (source.info.width, source.info.height, source.info.nominal_rate) == (64, 48, Fraction(25))
    assert [frame.pts for frame in frames] == list(range(11))
    assert (frames[-1].captured_ns - frames[0].captured_ns) / 1e9 >= 0.38


@pytest.mark.parametrize(
    ("pixels", "layout"),
    [("yuyv422", "yuv422p"), ("nv12", "yuv420p"), ("bgr24", "yuv444p"), ("gray", "yuv420p"), ("p010le", "yuv420p10le")],
)
def test_what_cameras_deliver_becomes_planes(pixels: str, layout: str) -> None:
    with closing(open_live(f"lavfi:smptebars=size=64x48:rate=25,format={pixels}")) as source:
        frame = next(iter(source))
    assert frame.layout.name == layout
    assert [plane.shape for plane in frame.planes] == list(frame.layout.plane_shapes(64, 48))


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


def test_a_source_that_cannot_be_reached_says_so_without_credentials() -> None:
    with pytest.raises(SourceOpenError) as caught:
        open_live(f"rtsp://surgeon:scalpel@127.0.0.1:{free_port()}/theatre?token=abcdef")
    assert "surgeon" not in str(caught.value)
    assert "scalpel" not in str(caught.value)
    assert "abcdef" not in str(caught.value)
    assert "Is the sender running?" in str(caught.value)


def playlist(*segments: str) -> str:
    entries = "".join(f"#EXTINF:1.0,\n{segment}\n" for segment in segments)
    return f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n{entries}#EXT-X-ENDLIST\n"


@needs_ffmpeg
def test_a_playlist_is_played_from_its_own_host_only(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        subprocess.run(
            [str(FFMPEG), "-loglevel", "error", *sending("-t", "0.4", "-f", "mpegts", str(folder / "a.ts"))[1:]],
            check=True,
        )
    secret = theirs / "a.ts"
    with http_server(ours) as (address, _), http_server(theirs) as (elsewhere, asked_elsewhere):
        (ours / "good.m3u8").write_text(playlist("a.ts"))
        (ours / "file.m3u8").write_text(playlist(f"file://{secret}"))
        (ours / "path.m3u8").write_text(playlist(str(secret)))
        (ours / "host.m3u8").write_text(playlist(f"{elsewhere}/a.ts"))
        with closing(open_live(f"{address}/good.m3u8")) as source:
            assert next(iter(source)).width == 160
        for refused in ("file", "path", "host"):
            with pytest.raises(SourceOpenError):
                open_live(f"{address}/{refused}.m3u8")
        assert asked_elsewhere == []


@pytest.mark.parametrize("content", ["ffconcat version 1.0\nfile {secret}\n", "#EXTM3U\n#EXTINF:1,\nfile://{secret}\n"])
def test_a_list_of_files_is_no_video(tmp_path: Path, content: str) -> None:
    served = tmp_path / "served"
    served.mkdir()
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"G" * 188)
    (served / "feed").write_text(content.format(secret=secret))
    with http_server(served) as (address, _), pytest.raises(SourceOpenError):
        open_live(f"{address}/feed")


def test_what_has_no_video_is_refused() -> None:
    with pytest.raises(SourceOpenError):
        open_live("lavfi:sine=frequency=440")


@pytest.mark.parametrize(
    ("address", "live"),
    [
        ("/dev/video0", True),
        ("camera:1", True),
        ("-", True),
        ("rtsp://host/feed", True),
        ("srt://host:9000", True),
        ("lavfi:testsrc2", True),
        ("surgery.mp4", False),
        ("phantom:?size=64x48", False),
        ("/mnt/videos/video0", False),
    ],
)
def test_live_addresses_are_told_from_files(address: str, live: bool) -> None:
    assert is_live(address) is live


def test_an_address_without_a_host_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="names no host"):
        open_live("rtsp:///feed")


def test_a_missing_device_says_where_to_look() -> None:
    with pytest.raises(SourceOpenError, match="--list-devices"):
        open_live("/dev/video987")


@needs_ffmpeg
def test_the_opencv_backend_reads_pictures_as_they_are(tmp_path: Path) -> None:
    """OpenCV opens a file where there is no camera; the rest of the way is the same."""
    path = tmp_path / "camera.avi"
    made = sending("-frames:v", "8", str(path), pictures="color=c=0xb06040:size=64x48:rate=25,format=yuv420p")[1:]
    subprocess.run([str(FFMPEG), "-loglevel", "error", *made], check=True)
    with closing(OpenCvCamera(str(path))) as source:
        frames: list[Frame] = []
        with pytest.raises(SourceReadError, match="no more pictures"):
            collect(source, frames)
    assert (source.info.width, source.info.height, source.info.nominal_rate) == (64, 48, Fraction(25))
    expected = (112, 101, 163)  # BT.601 limited range of RGB 176, 96, 64
    assert [round(float(np.mean(plane))) for plane in frames[0].planes] == pytest.approx(expected, abs=3)


def collect(source: Source, into: list[Frame]) -> None:
    for frame in source:
        into.append(frame)


def test_an_opencv_camera_that_is_not_there_says_so() -> None:
    with pytest.raises(SourceOpenError, match="camera:77"):
        OpenCvCamera(77)


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
