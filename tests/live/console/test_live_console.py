"""The console in a real browser: what its page shows and what its controls do to a real run."""

from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from tests.browser import (
    ConsoleRun,
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


LEFT, MIDDLE, RIGHT, ALL = slice(2, 7), slice(13, 19), slice(25, 30), slice(None)


def brightness(page: "Page", columns: slice) -> float:
    """Mean of a part of the picture; enhanced it is darker by 30 at least, and differs by 1 from look to look."""
    return float(pixels(page)[STILL, columns].mean())


def settled(page: "Page", columns: slice) -> float:
    """Brightness once the correction has faded in: a picture that is the same five pictures later."""

    def unchanged() -> bool:
        before = brightness(page, columns)
        wait_for_pictures(page, 5)
        return abs(brightness(page, columns) - before) < 2

    wait_for(unchanged, "the picture never settled")
    return brightness(page, columns)


def wait_for_pictures(page: "Page", count: int) -> None:
    number = painted(page)
    wait_for(lambda: painted(page) >= number + count, "no new pictures")


def wait_for_other(page: "Page", columns: slice, before: float) -> None:
    wait_for(lambda: abs(brightness(page, columns) - before) > 20, "the picture did not change")


def wait_for_same(page: "Page", columns: slice, before: float) -> None:
    wait_for(lambda: abs(brightness(page, columns) - before) < 8, "the picture of before did not come back")


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
    enhanced = settled(page, ALL)
    page.keyboard.press("Space")
    wait_for_mark(page, "original")
    wait_for_other(page, ALL, enhanced)
    assert page.inner_text("#mark-why") == "bypass"
    wait_for(lambda: page.get_attribute("#bypass", "aria-pressed") == "true", "the button does not show the bypass")
    page.click("#bypass")
    wait_for_mark(page, "enhanced")
    wait_for_same(page, ALL, enhanced)


def test_the_border_shows_the_original_on_its_left_and_can_be_dragged(page: "Page") -> None:
    left, middle, right = (settled(page, part) for part in (LEFT, MIDDLE, RIGHT))
    page.keyboard.press("v")
    wait_for(lambda: page.is_visible("#border"), "no border")
    drag_border(page, 0.25)
    wait_for_other(page, LEFT, left)
    wait_for_same(page, MIDDLE, middle)
    drag_border(page, 0.75)
    wait_for_other(page, MIDDLE, middle)
    wait_for_same(page, RIGHT, right)
    page.keyboard.press("ArrowLeft")
    wait_for(lambda: page.get_attribute("#border", "aria-valuenow") == "73", "the key did not move the border")


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
    enhanced = settled(page, ALL)
    page.locator("#strength").fill("0")
    wait_for_mark(page, "original")
    assert page.inner_text("#mark-why") == "strength is 0"
    captured = settled(page, ALL)
    assert captured - enhanced > 20
    page.locator("#strength").fill("50")
    wait_for_mark(page, "enhanced")
    assert enhanced + 10 < settled(page, ALL) < captured - 10
    page.locator("#strength").fill("100")
    wait_for_same(page, ALL, enhanced)


def test_side_by_side_and_the_haze_map_change_what_is_painted(page: "Page") -> None:
    page.keyboard.press("s")
    wait_for(lambda: page.is_visible("#label-right"), "not side by side")
    wait_for(lambda: pixels(page)[9, 15:17].min() < 90, "no gap between the pictures")
    page.keyboard.press("s")
    wait_for(lambda: not page.is_visible("#label-right"), "still side by side")
    plain = pixels(page)[STILL].astype(int)
    page.keyboard.press("m")
    wait_for(lambda: np.abs(pixels(page)[STILL] - plain).mean() > 5, "no haze map")


def test_a_held_c_shows_the_original_on_this_page_alone(page: "Page") -> None:
    enhanced = settled(page, ALL)
    page.keyboard.down("c")
    wait_for_mark(page, "original")
    wait_for_other(page, ALL, enhanced)
    assert page.get_attribute("#bypass", "aria-pressed") == "false"
    page.keyboard.up("c")
    wait_for_mark(page, "enhanced")


def test_a_recording_with_a_bookmark_can_be_downloaded(page: "Page", folder: Path, tmp_path: Path) -> None:
    page.keyboard.press("r")
    wait_for(lambda: page.is_visible("#recording"), "not recording")
    wait_for_pictures(page, 5)
    page.keyboard.press("n")
    page.keyboard.type("cystic duct, clip 2")
    page.keyboard.press("Enter")
    wait_for(lambda: "bookmark: cystic duct, clip 2" in page.inner_text("#warnings"), "the bookmark is not confirmed")
    wait_for_pictures(page, 5)
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
