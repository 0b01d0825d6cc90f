"""One run with its console for all tests of a file, and a page of it for each."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import SOURCE, ConsoleRun, browser, console, wait_for_mark

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


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
