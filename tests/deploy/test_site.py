"""The pages of the site, and the commands that stand on them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.lock import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
COMMAND = re.compile(r"^ *(?:\$ )?(?:.*\| )?(eid-stream|eid-stream-build|eid-stream-adapt) (.*)$", re.MULTILINE)
INLINE = re.compile(r"`(eid-stream(?:-build|-adapt)?) ([^`]*)`")
MODULE = re.compile(r"python -m ((?:benchmarks|training|engines|deploy|eid_stream)[\w.]*)")
TARGET = re.compile(r"\bmake ([a-z]+)\b(?=`|\s+#|$)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """The options that each command says it has."""
    modules = {
        "eid-stream": "eid_stream.__main__",
        "eid-stream-build": "eid_stream.building.build_engine",
        "eid-stream-adapt": "eid_stream.app.adapt_command",
    }
    told = {}
    for name, module in modules.items():
        call = f"import sys; sys.argv = [{name!r}, '--help']; from {module} import main; main()"
        wide = os.environ | {"COLUMNS": "200"}
        done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, env=wide, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told[name] = set(OPTION.findall(done.stdout)) | {"--help", "--version"}
    return told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_has_only_options_that_there_are(page: Path, known: dict[str, set[str]]) -> None:
    text = page.read_text(encoding="utf-8")
    for name, arguments in COMMAND.findall(text) + INLINE.findall(text):
        ours = re.split(r"#| \| | {3,}", arguments)[0]  # not what is said of it beside it
        assert set(OPTION.findall(ours)) <= known[name], f"{name} {arguments}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_and_every_target_on_a_page_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for module in MODULE.findall(text):
        path = ROOT / Path(*module.rstrip(".").split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(TARGET.findall(text)) <= set(targets)


def test_the_site_is_built_without_a_warning_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    site = tmp_path / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "deploy/site/mkdocs.yml"]
    # never with --quiet: warnings that are not shown are not counted either
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*build, "--site-dir", str(site)], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "maps" in (site / "api.html").read_text(encoding="utf-8")
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|img|link)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text(encoding="utf-8")
        )
        assert not fetched, f"{page.name} fetches {fetched}"
