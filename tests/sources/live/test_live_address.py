import subprocess
import sys
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.errors import ConfigError, SourceOpenError, SourceReadError
from eid_stream.core.frame import Frame
from eid_stream.core.interfaces import Source
from eid_stream.sources.address import is_live
from eid_stream.sources.live.live_address import open_live
from eid_stream.sources.live.opencv_camera import OpenCvCamera
from tests.senders import FFMPEG, free_port, http_server, needs_ffmpeg, sending


def test_a_generator_delivers_in_real_time() -> None:
    with closing(open_live("lavfi:testsrc2=size=64x48:rate=25,format=yuv420p")) as source:
        frames = list(islice(source, 11))
    assert source.info.live
    assert (source.info.width, source.info.height, source.info.nominal_rate) == (64, 48, Fraction(25))
    assert [frame.pts for frame in frames] == list(range(11))
    assert (frames[-1].captured_ns - frames[0].captured_ns) / 1e9 >= 0.38


def test_closing_from_another_thread_while_the_reader_ends_is_safe() -> None:
    """In a process of its own: what this is about crashed or hung it."""
    program = """
from threading import Thread
from eid_stream.sources.live.live_address import open_live

for _ in range(20):
    source = open_live("lavfi:testsrc2=size=64x48:rate=100")
    reader = Thread(target=lambda: list(source))
    reader.start()
    while reader.is_alive():
        source.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("pixels", "layout"),
    [("yuyv422", "yuv422p"), ("nv12", "yuv420p"), ("bgr24", "yuv444p"), ("gray", "yuv420p"), ("p010le", "yuv420p10le")],
)
def test_what_cameras_deliver_becomes_planes(pixels: str, layout: str) -> None:
    with closing(open_live(f"lavfi:smptebars=size=64x48:rate=25,format={pixels}")) as source:
        frame = next(iter(source))
    assert frame.layout.name == layout
    assert [plane.shape for plane in frame.planes] == list(frame.layout.plane_shapes(64, 48))


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
