"""The console's page when the program, the signal or the token is missing."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import (
    SOURCE,
    browser,
    console,
    needs_browser,
    painted,
    wait_for,
    wait_for_mark,
)
from tests.senders import ffmpeg, free_port, needs_ffmpeg, over_udp, sending

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = needs_browser


@pytest.fixture(scope="module")
def chromium() -> "Iterator[BrowserContext]":
    with browser() as context:
        yield context


def test_a_page_finds_back_after_the_program_was_killed(chromium: "BrowserContext", tmp_path: Path) -> None:
    port = free_port()
    page = chromium.new_page()
    with console(tmp_path, SOURCE, port=port) as first:
        page.goto(first.address)
        wait_for_mark(page, "enhanced")
        first.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: "NO CONNECTION" in page.inner_text("#alarm"), "the page does not tell that nobody answers")
        assert is_dimmed(page)
        first.process.send_signal(signal.SIGCONT)
        wait_for(lambda: not page.is_visible("#alarm"), "the program that went on was not heard")
        first.process.send_signal(signal.SIGKILL)
        wait_for(
            lambda: "NO CONNECTION" in page.inner_text("#alarm"), "the page does not tell that the program is gone"
        )
    with console(tmp_path, SOURCE, port=port):
        wait_for(lambda: not page.is_visible("#alarm"), "the page did not find back")
        before = painted(page)
        wait_for(lambda: painted(page) != before, "no picture after the restart")
    page.close()


@needs_ffmpeg
def test_a_lost_signal_is_told_and_never_an_old_picture_shown_as_new(
    chromium: "BrowserContext", tmp_path: Path
) -> None:
    page, port = chromium.new_page(), free_port(socket.SOCK_DGRAM)
    with (
        ffmpeg(*sending(*over_udp(port), pictures=SOURCE.removeprefix("lavfi:"))) as sender,
        console(tmp_path, f"udp://127.0.0.1:{port}") as run,
    ):
        page.goto(run.address)
        wait_for_mark(page, "enhanced")
        sender.send_signal(signal.SIGSTOP)
        wait_for(lambda: "NO SIGNAL" in page.inner_text("#alarm"), "NO SIGNAL is not shown")
        assert is_dimmed(page)
        sender.send_signal(signal.SIGCONT)
        wait_for(lambda: not page.is_visible("#alarm"), "the signal did not come back")
        assert run.end() == 128 + signal.SIGTERM
    page.close()


def is_dimmed(page: "Page") -> bool:
    return float(page.evaluate("() => getComputedStyle(document.getElementById('picture')).opacity")) < 0.5


def test_a_stranger_is_asked_for_the_token_and_an_owner_is_not(chromium: "BrowserContext", tmp_path: Path) -> None:
    with console(tmp_path, SOURCE, "--web-host", "0.0.0.0") as run:
        address, token = run.address.replace("0.0.0.0", "127.0.0.1").split("#")
        page = chromium.new_page()
        page.goto(address)
        wait_for(lambda: page.is_visible("#door-dialog"), "nobody asks for the token")
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        wait_for(lambda: page.is_visible("#door-refused"), "a wrong token was taken")
        page.fill("#token", token)
        page.keyboard.press("Enter")
        wait_for_mark(page, "enhanced")
        page.close()
        chromium.clear_cookies()
        page = chromium.new_page()
        page.goto(f"{address}#{token}")
        wait_for_mark(page, "enhanced")
        assert token not in page.url
        page.close()
