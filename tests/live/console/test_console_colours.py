"""Colours on the page: the same by H.264 and by motion JPEG, and those of the source."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser import browser, codec, console, needs_browser, pixels, wait_for, wait_for_mark

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = needs_browser
RED = (176, 48, 80)
"""Read by the matrix of BT.709, which is not that of so small a picture, it would be (187, 62, 82)."""
SOURCE = "lavfi:color=c=0x{:02x}{:02x}{:02x}:size=320x180:rate=10,format=yuv420p,noise=c0s=4:c0f=t".format(*RED)
TOLERANCE = 5
STILL = slice(3, 16)
"""Rows of the canvas without labels and warnings."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[tuple[Page, Page]]":
    """One that is sent H.264 and one that is sent motion JPEG."""
    with console(tmp_path_factory.mktemp("screenshots"), SOURCE) as run, browser() as chromium:
        h264, jpeg = chromium.new_page(), chromium.new_page()
        h264.goto(run.address)
        jpeg.goto(f"{run.address}?codec=jpeg")
        yield h264, jpeg


def columns(page: "Page") -> NDArray[np.float64]:
    return np.asarray(pixels(page)[STILL].mean(axis=0), np.float64)


def test_h264_and_motion_jpeg_show_the_same(pages: "tuple[Page, Page]") -> None:
    """Looked at again and again: two pages are never read at the same moment, and the correction changes."""
    h264, jpeg = pages
    for page in pages:
        wait_for_mark(page, "enhanced")
    assert codec(h264).startswith("avc1.42")
    assert codec(jpeg) == "jpeg"
    wait_for(lambda: np.abs(columns(jpeg) - columns(h264)).max() < TOLERANCE, "the pages never showed the same")


def test_the_original_has_the_colours_of_the_source_in_both(pages: "tuple[Page, Page]") -> None:
    pages[0].keyboard.press("Space")
    for page in pages:
        wait_for_mark(page, "original")
        wait_for(
            lambda page=page: np.abs(columns(page) - RED).max() < TOLERANCE,  # type: ignore[misc]
            "the source's colours were never on the page",
        )
