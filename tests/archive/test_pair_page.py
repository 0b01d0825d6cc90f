"""The page of a finished pair, played by a real browser from the disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from eid_stream.archive.pair_page import write_pair_page
from tests.browser import browser, needs_browser, wait_for
from tests.command import Say
from tests.senders import ffmpeg, needs_ffmpeg

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [needs_browser, needs_ffmpeg]
BRIGHT, DARK = 170, 60


def film(path: Path, grey: int) -> Path:
    """Eight seconds that get no brighter and no darker."""
    source = f"color=c=0x{grey:02x}{grey:02x}{grey:02x}:size=320x180:rate=25:duration=8"
    encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
    with ffmpeg("-f", "lavfi", "-i", source, *encoder, str(path)) as process:
        assert process.wait(60) == 0
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("a pair & more")
    (folder / "cleared").mkdir()
    return film(folder / "op #1.mp4", BRIGHT), film(folder / "cleared" / "op #1.mp4", DARK)


@pytest.fixture(scope="module")
def chromium() -> "Iterator[BrowserContext]":
    with browser() as context:
        yield context


def opened(chromium: "BrowserContext", pair: tuple[Path, Path], *, offset_seconds: float = 0.0) -> "Page":
    haze = [0.0, 0.1, 0.5, 0.9, None, 0.2, 0.1, 0.0]
    address = write_pair_page(*pair, haze, offset_seconds=offset_seconds).as_uri()
    page = chromium.new_page()
    page.goto(address)
    wait_for(lambda: page.evaluate("() => original.readyState >= 2 && cleared.readyState >= 2"), "a video is missing")
    return page


def picture(page: "Page") -> NDArray[np.uint8]:
    shown = cv2.imdecode(np.frombuffer(page.locator("#stage").screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    return np.asarray(shown[shown.shape[0] // 3], np.uint8)


def test_the_border_parts_original_and_cleared_and_can_be_dragged(
    chromium: "BrowserContext", pair: tuple[Path, Path]
) -> None:
    page = opened(chromium, pair)
    row = picture(page)
    middle = len(row) // 2
    assert int(row[middle - 60]) == pytest.approx(BRIGHT, abs=6)
    assert int(row[middle + 60]) == pytest.approx(DARK, abs=6)
    box = page.locator("#stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + middle, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + middle + 200, box["y"] + 100, steps=3)
    page.mouse.up()
    wait_for(lambda: abs(int(picture(page)[middle + 60]) - BRIGHT) < 6, "the border did not move")
    page.close()


def test_the_haze_curve_is_the_timeline_of_both(chromium: "BrowserContext", pair: tuple[Path, Path]) -> None:
    page = opened(chromium, pair, offset_seconds=1.5)
    box = page.locator("#timeline").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    wait_for(lambda: page.evaluate("() => !original.seeking && !cleared.seeking"), "still seeking")
    first, second = page.evaluate("() => [original.currentTime, cleared.currentTime]")
    assert second == pytest.approx(4.0, abs=0.1)
    assert first - second == pytest.approx(1.5, abs=0.01)
    assert page.inner_text("#time") == "0:04 / 0:08"
    page.close()


def test_both_play_in_step(chromium: "BrowserContext", pair: tuple[Path, Path]) -> None:
    page = opened(chromium, pair)
    page.keyboard.press("Space")
    wait_for(lambda: page.evaluate("() => cleared.currentTime") > 1.0, "nothing plays")
    page.keyboard.press("Space")
    wait_for(lambda: page.evaluate("() => cleared.paused && original.paused && !original.seeking"), "it plays on")
    assert page.evaluate("() => Math.abs(original.currentTime - cleared.currentTime)") < 0.001
    page.close()


def test_a_video_that_is_gone_is_told(chromium: "BrowserContext", pair: tuple[Path, Path], tmp_path: Path) -> None:
    cleared = film(tmp_path / "clear.mp4", DARK)
    page = chromium.new_page()
    page.goto(write_pair_page(tmp_path / "moved.mp4", cleared, []).as_uri())
    wait_for(lambda: page.is_visible("#refused"), "the missing video is not told")
    assert "moved.mp4" in page.inner_text("#refused")
    page.close()


def test_a_file_run_writes_the_page_of_its_pair(say: Say, pair: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "clear.mp4"
    status, told = say(
        "--source", pair[0], "--out", out, "--start", "2", "--duration", "1", "--engine", "prior", "--pair-page"
    )
    page = tmp_path / "clear.mp4.html"
    assert status == 0
    assert f"Both beside each other: {page}" in told
    assert "const OFFSET = 2.0;" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [("--out", "null:"), ("--out", "x.mkv", "--source", "phantom:")])
def test_a_pair_page_without_a_pair_is_refused(say: Say, pair: tuple[Path, Path], arguments: tuple[str, ...]) -> None:
    source = () if "--source" in arguments else ("--source", pair[0])
    status, told = say(*source, *arguments, "--pair-page")
    assert status == 2
    assert "--pair-page plays a file" in told
