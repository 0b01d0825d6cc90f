"""The console in a real browser: what its page shows and what its controls do to a real run."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from tests.browser import (
    SOURCE,
    ConsoleRun,
    browser,
    console,
    needs_browser,
    painted,
    pixels,
    wait_for,
    wait_for_mark,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

STILL = slice(3, 16)
"""Rows of the canvas without labels and warnings."""
pytestmark = needs_browser


@pytest.fixture(scope="module")
def chromium() -> "Iterator[BrowserContext]":
    with browser() as context:
        yield context


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[ConsoleRun]:
    with console(folder, SOURCE) as started:
        yield started


@pytest.fixture
def page(chromium: "BrowserContext", run: ConsoleRun) -> "Iterator[Page]":
    opened = chromium.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(run.address)
    wait_for_mark(opened, "enhanced")
    yield opened
    opened.close()
    assert faults == []


def brightness(page: "Page", columns: slice) -> float:
    """Mean of a part of the picture, over a few frames: the pictures carry noise."""
    return float(np.mean([pixels(page)[STILL, columns].mean() for _ in range(3)]))


LEFT, MIDDLE, RIGHT = slice(2, 7), slice(13, 19), slice(25, 30)


def test_a_picture_is_on_the_page_soon_after_loading(chromium: "BrowserContext", run: ConsoleRun) -> None:
    """Loaded again and again: on a machine with other work once is enough, a page that waits never gets there."""

    def painted_soon() -> bool:
        page = chromium.new_page()
        page.goto(run.address)
        wait_for_mark(page, "enhanced")
        loaded_ms, painted_ms = page.evaluate(
            "() => [performance.getEntriesByType('navigation')[0].loadEventEnd, window.firstPaintedMs]"
        )
        page.close()
        return bool(painted_ms - loaded_ms < 2000)

    wait_for(painted_soon, "no page had a picture within two seconds")


def test_space_and_the_large_button_show_the_original(page: "Page") -> None:
    enhanced = brightness(page, slice(None))
    page.keyboard.press("Space")
    wait_for_mark(page, "original")
    wait_for(lambda: abs(brightness(page, slice(None)) - enhanced) > 4, "the picture did not change")
    assert page.inner_text("#mark-why") == "bypass"
    assert page.get_attribute("#bypass", "aria-pressed") == "true"
    page.click("#bypass")
    wait_for_mark(page, "enhanced")
    wait_for(lambda: abs(brightness(page, slice(None)) - enhanced) < 2, "the enhanced picture did not come back")


def test_the_border_shows_the_original_on_its_left_and_can_be_dragged(page: "Page") -> None:
    enhanced = [brightness(page, part) for part in (LEFT, MIDDLE, RIGHT)]
    page.keyboard.press("v")
    wait_for(lambda: page.is_visible("#border"), "no border")
    drag_border(page, 0.25)
    wait_for(lambda: abs(brightness(page, LEFT) - enhanced[0]) > 4, "the original is not on the left")
    assert abs(brightness(page, MIDDLE) - enhanced[1]) < 3
    drag_border(page, 0.75)
    wait_for(lambda: abs(brightness(page, MIDDLE) - enhanced[1]) > 4, "the border did not move")
    assert abs(brightness(page, RIGHT) - enhanced[2]) < 3
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#border", "aria-valuenow") == "73"


def drag_border(page: "Page", share: float) -> None:
    box = page.locator("#picture").bounding_box()
    at = page.locator("#border").bounding_box()
    assert box is not None
    assert at is not None
    page.mouse.move(at["x"] + at["width"] / 2, at["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], at["y"] + 60, steps=3)
    page.mouse.up()


def test_the_strength_changes_the_picture_down_to_the_original(page: "Page") -> None:
    enhanced = brightness(page, slice(None))
    page.locator("#strength").fill("0")
    wait_for_mark(page, "original")
    assert page.inner_text("#mark-why") == "strength is 0"
    captured = brightness(page, slice(None))
    page.locator("#strength").fill("50")
    wait_for_mark(page, "enhanced")
    halfway = wait_for(lambda: brightness(page, slice(None)), "no picture")
    assert min(enhanced, captured) + 1 < halfway < max(enhanced, captured) - 1
    page.locator("#strength").fill("100")
    wait_for(lambda: abs(brightness(page, slice(None)) - enhanced) < 2, "full strength did not come back")


def test_side_by_side_and_the_haze_map_change_what_is_painted(page: "Page") -> None:
    page.keyboard.press("s")
    wait_for(lambda: page.is_visible("#label-right"), "not side by side")
    wait_for(lambda: pixels(page)[9, 15:17].min() < 90, "no gap between the pictures")
    page.keyboard.press("s")
    wait_for(lambda: not page.is_visible("#label-right"), "still side by side")
    plain = pixels(page)[STILL].astype(int)
    page.keyboard.press("m")
    wait_for(lambda: np.abs(pixels(page)[STILL] - plain).mean() > 5, "no haze map")


def test_a_held_c_shows_the_original_on_this_page_alone(page: "Page", run: ConsoleRun) -> None:
    enhanced = brightness(page, slice(None))
    page.keyboard.down("c")
    wait_for_mark(page, "original")
    wait_for(lambda: abs(brightness(page, slice(None)) - enhanced) > 4, "the picture did not change")
    assert page.get_attribute("#bypass", "aria-pressed") == "false"
    page.keyboard.up("c")
    wait_for_mark(page, "enhanced")


def test_a_recording_with_a_bookmark_can_be_downloaded(page: "Page", folder: Path, tmp_path: Path) -> None:
    page.keyboard.press("r")
    wait_for(lambda: page.is_visible("#recording"), "not recording")
    time.sleep(0.5)
    page.keyboard.press("n")
    page.keyboard.type("cystic duct, clip 2")
    page.keyboard.press("Enter")
    wait_for(lambda: "bookmark: cystic duct, clip 2" in page.inner_text("#warnings"), "the bookmark is not confirmed")
    time.sleep(0.5)
    page.keyboard.press("r")
    wait_for(lambda: list(folder.glob("*.mkv")), "no recording was written")
    page.click("#files")
    with page.expect_download() as download:
        page.click("#files-list a")
    download.value.save_as(tmp_path / "got.mkv")
    with av.open(str(tmp_path / "got.mkv")) as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
        assert titles == ["beginning", "cystic duct, clip 2"]
        assert sum(1 for _ in container.decode(video=0)) > 5


def test_the_age_of_what_is_remembered_of_the_scene_is_told_and_grows(page: "Page") -> None:
    def age() -> int:
        told = page.inner_text("#figure-memory").removesuffix(" s")
        return int(told) if told.isdigit() else -1

    first = wait_for(lambda: age() + 1, "nothing is remembered") - 1
    wait_for(lambda: age() > first, "the memory gets no older")


def test_motion_jpeg_shows_the_same_where_there_is_no_h264(
    chromium: "BrowserContext", run: ConsoleRun, page: "Page"
) -> None:
    jpeg = chromium.new_page()
    jpeg.goto(f"{run.address}?codec=jpeg")
    wait_for_mark(jpeg, "enhanced")
    np.testing.assert_allclose(pixels(jpeg)[STILL].mean(axis=0), pixels(page)[STILL].mean(axis=0), atol=8)
    jpeg.close()


def test_ten_pages_one_of_them_asleep_do_not_hold_up_each_other(chromium: "BrowserContext", run: ConsoleRun) -> None:
    with ExitStack() as closing:
        pages = [chromium.new_page() for _ in range(10)]
        for page in pages:
            closing.callback(page.close)
            page.goto(run.address)
        session = chromium.new_cdp_session(pages[0])
        session.send("Debugger.enable")
        session.send("Debugger.pause")  # its script stands still: nothing is painted and nothing confirmed
        before = [painted(page) for page in pages[1:]]
        wait_for(
            lambda: all(painted(page) > old + 3 for page, old in zip(pages[1:], before, strict=True)),
            "a page stands still beside one that is asleep",
        )
        session.send("Debugger.resume")
        wait_for_mark(pages[0], "enhanced")


def test_every_control_has_a_name_and_can_be_touched(page: "Page") -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    controls = page.evaluate(
        """() => [...document.querySelectorAll('#bar button, header button, #strength')]
            .filter(control => control.checkVisibility()).map(control => {
                const box = control.getBoundingClientRect();
                const name = control.getAttribute('aria-label') || control.textContent.trim();
                return [name, box.width, box.height, box.right, box.bottom];
            })"""
    )
    assert len(controls) >= 14
    for name, width, height, right, bottom in controls:
        assert name
        assert name == "Strength in percent" or min(width, height) >= 44, name
        assert right <= 1024, name
        assert bottom <= 768, name


def test_the_pages_memory_and_the_runs_do_not_grow(page: "Page", run: ConsoleRun) -> None:
    """A quarter of a minute; docs/console.md says what half an hour did."""
    session = page.context.new_cdp_session(page)

    def used() -> tuple[float, int]:
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
        status = Path(f"/proc/{run.process.pid}/statm").read_text().split()
        return heap, int(status[1]) * 4096 // 2**20

    time.sleep(3)
    before = used()
    time.sleep(12)
    after = used()
    assert after[0] - before[0] < 3, json.dumps([before, after])
    assert after[1] - before[1] < 40, json.dumps([before, after])
