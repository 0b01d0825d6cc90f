"""Pages of the site that do not lie in ``docs``: start, changes, contributing, model card and Python API."""

import posixpath
import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from deploy.lock import ROOT

OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "eid_stream/weights/MODEL_CARD.md": "model_card.md",
}
"""Pages of the repository, and what they are called on the site."""
API = """# Python API

Made from the docstrings. Recipes are on [the page before](python.md).

::: eid_stream.Dehazer

::: eid_stream.dehaze_file
"""
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#:]+)((?:#[^)\s]*)?)\)")
HEAD = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies elsewhere, and every dated page of the log."""
    for path, name in OUTSIDE.items():
        text = HEAD.sub("", (ROOT / path).read_text(encoding="utf-8"))
        files.append(File.generated(config, name, content=_relinked(text, posixpath.dirname(path))))
    files.append(File.generated(config, "api.md", content=API))
    log = sorted(file.src_uri for file in files if file.src_uri.startswith("log/") and file.src_uri.endswith(".md"))
    assert config.nav is not None
    config.nav.append({"Log": list(reversed(log))})
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links out of ``docs`` to where the site has the page, and leave the others as plain text."""
    if page.file.src_uri in OUTSIDE.values():
        return markdown
    return _relinked(markdown, posixpath.dirname(f"docs/{page.file.src_uri}"), posixpath.dirname(page.file.src_uri))


def _relinked(text: str, folder: str, to: str = "") -> str:
    def lead(link: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, link[2]))
        inside = path.removeprefix("docs/") if path.startswith("docs/") else OUTSIDE.get(path)
        if inside is None or not posixpath.splitext(inside)[1]:
            return link[1]
        return f"[{link[1]}]({posixpath.relpath(inside, to or '.')}{link[3]})"

    return LINK.sub(lead, text)
