"""The console in a real Firefox: the same page, decoded by another browser's WebCodecs."""

from collections.abc import Iterator

import pytest

from tests.browser import console, wait_for
from tests.firefox import FirefoxPage, firefox_page, needs_firefox

pytestmark = needs_firefox
SOURCE = "lavfi:color=c=0x908070:size=320x180:rate=10,format=yuv420p,noise=c0s=4:c0f=t"
MARK = "document.getElementById('mark').dataset.state"
CODEC = "new Promise(told => window.addEventListener('painted', event => told(event.detail.codec), { once: true }))"
BRIGHTNESS = """(() => {
    const small = document.createElement('canvas');
    [small.width, small.height] = [32, 18];
    const context = small.getContext('2d');
    context.drawImage(document.getElementById('picture'), 0, 0, 32, 18);
    const left = context.getImageData(2, 4, 8, 10).data, right = context.getImageData(22, 4, 8, 10).data;
    return [left, right].map(part => part.reduce((sum, value) => sum + value, 0) / part.length);
})()"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirefoxPage]:
    with console(tmp_path_factory.mktemp("screenshots"), SOURCE) as run, firefox_page() as opened:
        opened.goto(run.address)
        wait_for_mark(opened, "enhanced")
        yield opened


def wait_for_mark(page: FirefoxPage, wanted: str) -> None:
    wait_for(lambda: page.evaluate(MARK) == wanted, f"the picture never became {wanted}")


def test_firefox_decodes_the_h264(page: FirefoxPage) -> None:
    assert str(page.evaluate(CODEC)).startswith("avc1.42")


def test_bypass_and_border_change_the_canvas_in_firefox(page: FirefoxPage) -> None:
    enhanced = page.evaluate(BRIGHTNESS)
    page.press(" ")
    wait_for_mark(page, "original")
    wait_for(lambda: abs(page.evaluate(BRIGHTNESS)[1] - enhanced[1]) > 15, "the picture did not change")
    page.press(" ")
    wait_for_mark(page, "enhanced")
    page.press("v")
    wait_for(lambda: abs(page.evaluate(BRIGHTNESS)[0] - enhanced[0]) > 15, "the original is not on the left")
    wait_for(lambda: abs(page.evaluate(BRIGHTNESS)[1] - enhanced[1]) < 10, "the enhanced one is not on the right")
