import json
import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from eid_stream.app.wiring.device_listing import describe_devices
from eid_stream.core.errors import ConfigError, SourceOpenError
from eid_stream.sources.live.v4l2 import CameraMode, choose_mode, demuxer_options, inspect

HERE = Path(__file__).parent
COMPILER = shutil.which("gcc") or shutil.which("cc")
needs_compiler = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux",
    reason="this machine has no V4L2 device and no C compiler to build a fake one",
)

READ = """
import json, sys
from itertools import islice
from eid_stream.sources.live.live_address import CaptureWish, open_live
source = open_live(sys.argv[1], CaptureWish(pixel_format=sys.argv[2] or None))
frames = list(islice(source, 8))
info = source.info
print(json.dumps({
    "size": [info.width, info.height], "layout": info.layout.name, "live": info.live,
    "luma": [int(frame.planes[0].min()) for frame in frames],
    "flat": all(frame.planes[0].min() == frame.planes[0].max() for frame in frames),
    "chroma": int(frames[0].planes[1].max()),
    "seconds": [float(frame.seconds) for frame in frames], "index": [frame.index for frame in frames],
    "lost_signals": source.damage.lost_signals,
}))
source.close()
"""


def modes(*described: str) -> tuple[CameraMode, ...]:
    made = []
    for text in described:
        size, pixels, rate = text.split()
        width, height = map(int, size.split("x"))
        made.append(CameraMode(pixels, width, height, Fraction(rate)))
    return tuple(made)


WEBCAM = modes(
    "1920x1080 mjpeg 30", "1280x720 mjpeg 60", "640x480 yuyv422 30", "1280x720 yuyv422 10", "1920x1080 yuyv422 5"
)
CAPTURE_CARD = modes("3840x2160 nv12 30", "1920x1080 mjpeg 60", "1920x1080 yuyv422 60", "1920x1080 nv12 60")


def test_raw_wins_over_compressed_where_it_is_smooth() -> None:
    assert str(choose_mode(CAPTURE_CARD)) == "1920x1080 nv12 60"


def test_a_webcam_that_is_only_smooth_compressed_is_used_compressed() -> None:
    assert str(choose_mode(WEBCAM)) == "1920x1080 mjpeg 30"


@pytest.mark.parametrize(
    ("width", "height", "rate", "pixels", "chosen"),
    [
        (640, 480, None, None, "640x480 yuyv422 30"),
        (1280, 720, Fraction(10), None, "1280x720 yuyv422 10"),
        (1280, 720, None, None, "1280x720 mjpeg 60"),
        (None, None, None, "yuyv422", "640x480 yuyv422 30"),
        (1920, 1080, None, "yuyv422", "1920x1080 yuyv422 5"),
    ],
)
def test_what_is_asked_for_is_negotiated(
    width: int | None, height: int | None, rate: Fraction | None, pixels: str | None, chosen: str
) -> None:
    assert str(choose_mode(WEBCAM, width=width, height=height, rate=rate, pixel_format=pixels)) == chosen


def test_what_the_device_does_not_offer_is_refused_with_what_it_does() -> None:
    with pytest.raises(ConfigError, match="1920x1080 mjpeg"):
        choose_mode(WEBCAM, width=1024, height=768)


def test_a_device_whose_signal_decides_is_opened_as_it_is() -> None:
    assert choose_mode(()) is None
    assert demuxer_options(None) == {}


def test_a_rate_is_given_to_ffmpeg_exactly() -> None:
    mode = CameraMode("nv12", 1920, 1080, Fraction(60_000, 1001))
    assert demuxer_options(mode) == {
        "video_size": "1920x1080",
        "input_format": "nv12",
        "framerate": "60000/1001",
    }


def test_what_is_no_video_device_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "video0"
    plain.write_bytes(b"")
    with pytest.raises(SourceOpenError, match="not a video device"):
        inspect(str(plain))


def test_without_devices_the_list_says_what_else_there_is(tmp_path: Path) -> None:
    assert "no video capture device" in describe_devices(tmp_path)
    assert "phantom:" in describe_devices(tmp_path)


@pytest.fixture(scope="module")
def fake_driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("driver") / "fake_v4l2.so"
    command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-w", str(HERE / "fake_v4l2.c"), "-o", str(library), "-ldl"]
    subprocess.run(command, check=True)
    return library


def run_with(driver: Path, program: str, *arguments: str, frames: int = 1000) -> str:
    environment = os.environ | {"LD_PRELOAD": str(driver), "FAKE_V4L2_FRAMES": str(frames)}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_compiler
@pytest.mark.parametrize(("pixels", "layout"), [("", "yuv420p"), ("yuyv422", "yuv422p")])
def test_a_device_is_read_through_ffmpegs_own_v4l2(fake_driver: Path, pixels: str, layout: str) -> None:
    """The kernel of test machines has no V4L2: FFmpeg talks to a fake driver under its system calls."""
    told = json.loads(run_with(fake_driver, READ, "/dev/video42", pixels))
    assert (told["size"], told["layout"], told["live"]) == ([64, 48], layout, True)
    numbers = [luma - 16 for luma in told["luma"]]
    assert numbers == list(range(numbers[0], numbers[0] + 8))
    assert (told["flat"], told["chroma"]) == (True, 128)
    assert told["index"] == list(range(8))


@needs_compiler
def test_a_device_that_was_unplugged_is_found_again(fake_driver: Path) -> None:
    told = json.loads(run_with(fake_driver, READ, "/dev/video42", "", frames=6))
    assert told["index"] == list(range(8))
    assert told["lost_signals"] >= 1
    assert told["seconds"] == sorted(told["seconds"])


@needs_compiler
def test_devices_are_listed_with_the_mode_that_would_be_used(fake_driver: Path, tmp_path: Path) -> None:
    (tmp_path / "video42").write_bytes(b"")
    program = (
        "import sys; from pathlib import Path; from eid_stream.app.wiring.device_listing import describe_devices;"
        "print(describe_devices(Path(sys.argv[1])))"
    )
    told = run_with(fake_driver, program, str(tmp_path))
    assert "Fake endoscope" in told
    assert "  * 64x48 nv12 25" in told
    assert "    128x96 yuyv422 5" in told
