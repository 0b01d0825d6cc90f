"""Many pages at once and one for a while."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import ConsoleRun, needs_browser, painted, wait_for, wait_for_mark

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, WebSocketRoute

pytestmark = needs_browser


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


def test_the_pages_memory_and_the_runs_do_not_grow(page: "Page", run: ConsoleRun) -> None:
    """A quarter of a minute; docs/console.md says what half an hour did."""
    session = page.context.new_cdp_session(page)

    def used() -> tuple[float, int]:
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"] / 2**20
        status = Path(f"/proc/{run.process.pid}/statm").read_text().split()
        return heap, int(status[1]) * 4096 // 2**20

    number = painted(page)
    wait_for(lambda: painted(page) >= number + 30, "no new pictures")  # all is loaded, and every store has its size
    before = used()
    time.sleep(12)
    after = used()
    assert after[0] - before[0] < 3, json.dumps([before, after])
    assert after[1] - before[1] < 40, json.dumps([before, after])


def test_a_clock_that_was_answered_late_while_the_page_loads_does_not_shift_the_delays(
    chromium: "BrowserContext", run: ConsoleRun
) -> None:
    page, late = chromium.new_page(), [0.4]

    def pass_on(route: "WebSocketRoute") -> None:
        server = route.connect_to_server()

        def answer(message: str | bytes) -> None:
            if isinstance(message, str) and '"clock"' in message and late:
                time.sleep(late.pop())
            route.send(message)

        server.on_message(answer)

    page.route_web_socket("**/live", pass_on)
    page.goto(run.address)

    def told() -> str:
        return page.text_content("#figure-page-p50") or ""

    wait_for(lambda: told().endswith(" ms"), "no delay is told on the page")
    assert not late
    for _ in range(12):
        assert float(told().split()[0]) > -25.0, "half of what the answer was late by would be -200"
        page.wait_for_timeout(100)
    page.close()
