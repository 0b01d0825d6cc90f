"""The live run in a real window: what its keys do, and what it shows when something goes wrong."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage

import av
import cv2
import numpy as np
import pytest

from tests.screen import AMBER, GREEN, RED, Picture, WindowRun, count, in_window, needs_screen, virtual_screen
from tests.senders import ffmpeg, free_port, needs_ffmpeg, over_udp, sending

SOURCE = (
    "lavfi:gradients=size=640x360:rate=25:c0=0x806050:c1=0xc0b0a0:nb_colors=2:seed=1,format=yuv420p,noise=c0s=4:c0f=t"
)
pytestmark = needs_screen


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_screen() as name:
        yield name


def window(picture: Picture) -> Picture:
    return picture[:360, :640]


def middle(picture: Picture) -> float:
    """Brightness of the part of the picture that carries no marks."""
    return float(window(picture)[150:300].mean())


def red_text(picture: Picture) -> int:
    """Pixels of a headline such as NO SIGNAL."""
    return count(picture, RED, rows=slice(10, 100), columns=slice(100, 540))


def read_png(path: Path) -> Picture:
    picture = cv2.imread(str(path))
    assert picture is not None
    return picture.astype(np.uint8)


def recorded(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_keys_do_what_the_help_says(display: str, tmp_path: Path) -> None:
    with in_window(display, tmp_path, "--source", SOURCE) as run:
        run.wait_for_mark(GREEN)
        check_bypass(run)
        check_hold(run)
        check_views(run)
        check_panels(run)
        check_files(run, tmp_path)
        stats = run.quit()
    saved = {path.name.rsplit("-", 1)[1]: read_png(path) for path in photos(tmp_path)}
    assert saved.keys() == {"original.png", "enhanced.png"}
    assert all(picture.shape == (360, 640, 3) for picture in saved.values())
    assert not np.array_equal(saved["original.png"], saved["enhanced.png"])
    (recording,) = tmp_path.glob("*.mkv")
    assert recorded(recording) > 0
    assert stats["stages"]["capture to window"]["frames"] == stats["written_frames"]["window"]
    assert "bypass" in stats["bypass_reasons"]


def check_bypass(run: WindowRun) -> None:
    run.key("b")
    run.wait_for_mark(AMBER)
    run.key("b")
    run.wait_for_mark(GREEN)


def check_hold(run: WindowRun) -> None:
    run.hold("c")
    run.wait_for_mark(AMBER)
    run.release("c")
    run.wait_for_mark(GREEN)


def check_views(run: WindowRun) -> None:
    plain = middle(run.screenshot())
    run.key("v")
    run.wait_for_picture(lambda seen: has_border_at(seen, 320), "no split")
    run.key("Right")
    run.wait_for_picture(lambda seen: has_border_at(seen, 352), "the border did not move")
    run.key("bracketright")
    run.wait_for_picture(lambda seen: has_border_at(seen, 384), "the border did not move on")
    run.key("s")
    run.wait_for_picture(lambda seen: window(seen)[30:80].max() == 0, "the pictures are not side by side")
    run.key("s")
    run.wait_for_picture(lambda seen: window(seen)[30:80].min() > 0, "the picture does not fill the window again")
    run.key("m")
    mapped = run.wait_for_picture(lambda seen: middle(seen) < 0.7 * plain, "the haze is not shown")
    run.key("m")
    run.wait_for_picture(lambda seen: middle(seen) > 1.2 * middle(mapped), "the picture did not come back")


def has_border_at(seen: Picture, column: int) -> bool:
    return bool((window(seen)[100:260, column - 1 : column + 1] == 255).all())


def check_panels(run: WindowRun) -> None:
    def white(seen: Picture, rows: slice, columns: slice) -> int:
        return count(seen, (255, 255, 255), rows=rows, columns=columns)

    run.key("d")
    run.wait_for_picture(lambda seen: white(seen, slice(20, 90), slice(480, 640)) > 50, "no latency panel")
    run.key("h")
    run.wait_for_picture(lambda seen: white(seen, slice(330, 360), slice(0, 500)) > 50, "no help")


def check_files(run: WindowRun, folder: Path) -> None:
    def has_recording_mark(seen: Picture) -> bool:
        return count(seen, RED, rows=slice(0, 30), columns=slice(480, 640)) > 10

    run.key("p")
    run.wait_for(lambda: True if len(photos(folder)) == 2 else None, "no photos")
    run.key("r")
    run.wait_for_picture(has_recording_mark, "no recording mark")
    run.key("r")
    run.wait_for_picture(lambda seen: not has_recording_mark(seen), "the recording did not end")


def photos(folder: Path) -> list[Path]:
    return sorted(folder.glob("eid-stream-*.png"))


def test_a_recording_is_shown_while_it_is_written(display: str, tmp_path: Path) -> None:
    out = tmp_path / "clear.mkv"
    with in_window(display, tmp_path, "--source", SOURCE, "--out", str(out)) as run:
        run.wait_for_mark(GREEN)
        stats = run.quit()
    assert recorded(out) == stats["written_frames"]["record"] > 0
    with av.open(str(out)) as container:
        mark = container.metadata["ENHANCED"]
    assert "engine prior" in mark or mark.startswith("NOT ENHANCED"), "the engine opens when recording has begun"


@needs_ffmpeg
def test_a_lost_signal_is_shown_and_recorded_across(display: str, tmp_path: Path) -> None:
    port = free_port(socket.SOCK_DGRAM)
    pictures = SOURCE.removeprefix("lavfi:")
    with ffmpeg(*sending(*over_udp(port), pictures=pictures)) as sender:
        source = f"udp://127.0.0.1:{port}"
        with in_window(display, tmp_path, "--source", source, "--record-original", str(tmp_path / "op.mkv")) as run:
            bright = run.wait_for_mark(GREEN)
            sender.send_signal(signal.SIGSTOP)
            dark = run.wait_for_picture(lambda seen: red_text(seen) > 100, "NO SIGNAL is not shown")
            assert middle(dark) < 0.5 * middle(bright)
            sender.send_signal(signal.SIGCONT)
            run.wait_for_picture(lambda seen: red_text(seen) == 0, "the signal did not come back")
            run.wait_for_mark(GREEN)
            run.quit()
    with av.open(str(tmp_path / "op.mkv")) as container:
        times = [float(picture.time or 0.0) for picture in container.decode(video=0)]
    assert max(np.diff(times)) >= 1.0
    assert times == sorted(times)


def test_a_frozen_input_is_told(display: str, tmp_path: Path) -> None:
    still = "lavfi:color=c=0x907060:size=640x360:rate=25,format=yuv420p"
    with in_window(display, tmp_path, "--source", still) as run:
        run.wait_for_picture(lambda seen: red_text(seen) > 50, "INPUT FROZEN is not shown")
        run.quit()


@pytest.mark.parametrize(("fault", "why"), [("nan", "NaN"), ("sleeps", "the haze maps are too old")])
def test_an_engine_that_goes_wrong_leaves_the_original_on_the_screen(
    display: str, tmp_path: Path, fault: str, why: str
) -> None:
    flag = tmp_path / "faulty"
    program = (sys.executable, "-m", "tests.live.live_with_faults", fault, str(flag))
    with in_window(display, tmp_path, "--source", SOURCE, program=program, map_age_limit=2000) as run:
        run.wait_for_mark(GREEN)
        flag.touch()
        run.wait_for_mark(AMBER)
        flag.unlink()
        run.wait_for_mark(GREEN)
        stats = run.quit()
    assert any(why in reason for reason in stats["bypass_reasons"])


def test_a_full_disk_stops_the_recording_and_not_the_window(display: str, small_disk: Path, tmp_path: Path) -> None:
    """The guard ends the recording in good order, or the disk is faster than the guard; the status says so."""
    out = small_disk / "op.mkv"
    arguments = ("--source", SOURCE, "--record-original", str(out), "--codec", "ffv1")
    with in_window(display, tmp_path, *arguments) as run:
        run.wait_for_mark(GREEN)
        warned = {"rows": slice(300, 360), "columns": slice(0, 400)}
        run.wait_for_picture(lambda seen: count(seen, AMBER, **warned) > 50, "no warning about the disk")
        run.wait_for(lambda: out.exists() or disk_usage(small_disk).free < 1 << 16 or None, "it is recorded for ever")
        before = window(run.screenshot())
        run.wait_for_picture(lambda seen: not np.array_equal(window(seen), before), "the window stands still")
        run.quit(exit_codes=(5,))
    (written,) = small_disk.iterdir()
    assert recorded(written) > 5
