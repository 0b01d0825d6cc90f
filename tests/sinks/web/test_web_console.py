"""What browsers are sent, and what they may do to the run."""

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.codec.context import CodecContext
from av.packet import Packet
from websockets.sync.client import ClientConnection

from eid_stream.sinks.web.pictures import h264_track
from eid_stream.sinks.web.viewers import viewer
from eid_stream.sinks.web.web_console import WebConsole
from tests.sinks.web.fake_run import INFO, client, confirm, frame, hear, say, see, serving, settle, watch


def decoded(units: list[bytes]) -> list[float]:
    """Mean luma of the pictures in H.264 access units."""
    context = CodecContext.create("h264", "r")
    pictures = [picture for unit in units for picture in context.decode(Packet(unit))] + context.decode(None)
    return [float(picture.to_ndarray(format="gray").mean()) for picture in pictures]


def test_a_picture_arrives_in_h264_with_the_original_and_its_haze_map(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        watch(socket, codec="h264", original=True, haze=True)
        settle(console, socket)
        console.write(frame(7, brightness=100))
        about, parts = see(socket)
        assert (about["number"], about["key"], about["dehazed"]) == (7, True, True)
        assert str(about["codec"]).startswith("avc1.42")
        assert (len(parts["haze"]), about["grid"]) == (24, [6, 4])
        assert decoded([parts["enhanced"]])[0] < decoded([parts["original"]])[0] - 10


def test_every_picture_can_be_decoded_in_turn_and_a_newcomer_gets_a_key_picture(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as first:
        watch(first, codec="h264")
        settle(console, first)
        units = []
        for number in range(5):
            console.write(frame(number, brightness=60 + 20 * number))
            units.append(see(first)[1]["enhanced"])
            confirm(console, first, number)
        np.testing.assert_allclose(np.diff(decoded(units)), 20 * 255 / 219, atol=3)
        with client(console) as second:
            watch(second, codec="h264")
            settle(console, second)
            time.sleep(0.3)  # key pictures are a quarter of a second apart
            console.write(frame(9))
            about, parts = see(second)
            assert about["key"]
            assert len(decoded([parts["enhanced"]])) == 1


def test_nothing_is_encoded_while_nobody_looks_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        settle(console, socket)
        monkeypatch.setattr(console, "_studio", None)
        console.write(frame(1))
        watch(socket)
        settle(console, socket)
        with pytest.raises(AttributeError):
            console.write(frame(2))


def test_a_viewer_that_falls_asleep_gets_nothing_and_holds_up_nobody(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as asleep, client(console) as awake:
        for socket in (asleep, awake):
            watch(socket, codec="h264")
            settle(console, socket)
        for number in range(40):
            console.write(frame(number))
            assert see(awake)[0]["number"] == number
            confirm(console, awake, number)
        settle(console, asleep)
        received = []
        while True:
            try:
                received.append(see(asleep, timeout=0.3)[0]["number"])
            except TimeoutError:
                break
        assert received == list(range(len(received)))
        assert len(received) <= 8


def test_a_viewer_that_wakes_up_begins_with_the_newest_picture(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        watch(socket, codec="h264")
        settle(console, socket)
        console.write(frame(0))
        see(socket)
        time.sleep(viewer.LONGEST_ON_THE_WAY_SECONDS + 0.1)
        for number in range(1, 30):
            console.write(frame(number))
        say(socket, "seen", 0)
        settle(console, socket)
        console.write(frame(30))
        about, _ = see(socket)
        assert about["number"] == 30


def test_a_page_that_is_slower_than_the_camera_gets_fewer_pictures_and_not_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "LONGEST_ON_THE_WAY_SECONDS", 60.0)  # a busy machine is not a page that fell asleep
    with serving(tmp_path) as console, client(console) as socket:
        watch(socket, codec="h264")
        settle(console, socket)
        trips = []
        for number in range(3):
            began = time.monotonic()
            console.write(frame(number))
            see(socket)
            confirm(console, socket, number)
            trips.append(time.monotonic() - began)
        console.write(frame(3))
        see(socket)
        time.sleep(2 * min(trips) + 0.05)
        console.write(frame(4))
        confirm(console, socket, 3)
        console.write(frame(5))
        about, _ = see(socket)
        assert (about["number"], about["key"]) == (5, False), "what was never encoded leaves no gap"


def test_no_more_pixels_are_sent_than_the_widest_page_has_room_for(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as small, client(console) as large:
        watch(small, width=INFO.width // 4)
        settle(console, small)
        assert sent_width(console, small, 0) == INFO.width // 4
        watch(large, width=INFO.width // 2)
        settle(console, large)
        assert sent_width(console, large, 1) == INFO.width // 2
        watch(large, width=10 * INFO.width)
        settle(console, large)
        assert sent_width(console, large, 2) == INFO.width
        say(large, "sleep", True)
        settle(console, large)
        confirm(console, small, 2)
        assert sent_width(console, small, 3) == INFO.width // 4


def sent_width(console: WebConsole, socket: ClientConnection, number: int) -> int:
    """Width of a JPEG that arrives; whatever came before is passed over."""
    console.write(frame(number))
    while (seen := see(socket))[0]["number"] != number:
        pass
    confirm(console, socket, number)
    picture = cv2.imdecode(np.frombuffer(seen[1]["enhanced"], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return int(picture.shape[1])


def test_the_haze_curve_is_told_to_whoever_comes(tmp_path: Path) -> None:
    with serving(tmp_path) as console:
        for number in range(50):
            console.write(frame(number, captured_ns=number * 100_000_000))
        with client(console) as socket:
            points = hear(socket, "curve")["points"]
        assert isinstance(points, list)
        assert [seconds for seconds, _ in points][:3] == [0.5, 1.0, 1.5]
        assert {density for _, density in points} == {0.0}


def test_pictures_of_another_size_follow_without_a_word(tmp_path: Path) -> None:
    with serving(tmp_path) as console, client(console) as socket:
        watch(socket, codec="h264", original=True)
        settle(console, socket)
        console.write(frame(0))
        see(socket)
        confirm(console, socket, 0)
        whole = frame(1)
        small = replace(whole.captured, planes=tuple(plane[::2, ::2] for plane in whole.captured.planes), buffer=None)  # type: ignore[arg-type]
        console.write(small)
        about, _ = see(socket)
        assert (about["width"], about["height"], about["key"]) == (INFO.width // 2, INFO.height // 2, True)


def test_where_no_h264_encoder_opens_the_console_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h264_track, "ENCODERS", ())
    with serving(tmp_path) as console, client(console) as socket:
        watch(socket, codec="h264")
        settle(console, socket)
        console.write(frame(0))
        assert "No H.264 encoder opens" in console.trouble
        watch(socket)
        settle(console, socket)
        console.write(frame(1))
        _, parts = see(socket)
        assert parts["enhanced"].startswith(b"\xff\xd8")
