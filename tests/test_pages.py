"""Pages for people: short, and with links that lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTING = ["git", "ls-files", "-co", "--exclude-standard", "*.md"]
LISTED = subprocess.run(LISTING, cwd=ROOT, capture_output=True, text=True)
PAGES = [path for path in map(ROOT.joinpath, LISTED.stdout.split()) if path.is_file()]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MOST_LINES = 200


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_there_are_pages() -> None:
    if not PAGES:
        pytest.skip("this is no checkout of git")
    assert {"README.md", "CHANGELOG.md", "docs/python.md"} <= {name(page) for page in PAGES}


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name != "log"], ids=name)
def test_a_page_is_read_in_a_few_minutes(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} is not there"
        assert not anchor or anchor in anchors(target), f"{link} has no such heading"


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name == "log"], ids=name)
def test_a_page_of_the_log_is_dated(page: Path) -> None:
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d-[a-z0-9-]+\.md", page.name)
