"""A finished pair at one look: a page of one file, without a server, with a border to drag and the haze as timeline."""

import html
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from eid_stream.archive.manifest import Manifest
from eid_stream.core.errors import SinkWriteError

_WIDTH, _HEIGHT = 1000, 100
_PLAYABLE = {".mp4", ".m4v", ".mov", ".mkv"}
"""Outputs that some browser plays."""


def page_of(cleared: Path) -> Path:
    """Where the page of an output stands: ``clear.mp4.html``."""
    return cleared.with_name(f"{cleared.name}.html")


def write_pair_pages(manifest: Manifest) -> None:
    """Write the page of every video of an archive that is done and that a browser may play.

    None where something was blacked out, which the source shows.

    Raises:
        SinkWriteError: one cannot be stored.
    """
    for entry in manifest.entries:
        cleared = manifest.folder / entry.output
        if entry.state == "done" and cleared.suffix.lower() in _PLAYABLE and "black_out" not in entry.settings:
            write_pair_page(Path(entry.source), cleared, entry.haze_per_second)


def write_pair_page(
    original: Path,
    cleared: Path,
    haze_per_second: Sequence[float | None],
    *,
    offset_seconds: float = 0.0,
    remark: str = "",
) -> Path:
    """Write a page beside ``cleared`` that plays both videos in step; it finds them by their place beside it.

    ``haze_per_second`` holds the mean density in [0, 1] of each second of ``cleared``, None where nothing was seen;
    ``offset_seconds`` is where in ``original`` it begins; ``remark`` is a sentence beside the title.

    Raises:
        SinkWriteError: it cannot be stored.
    """
    page = page_of(cleared)
    template = files("eid_stream.archive").joinpath("pair_page.template.html").read_text(encoding="utf-8")
    values = {
        "title": html.escape(cleared.name),
        "remark": html.escape(remark),
        "original": _address(original, page),
        "cleared": _address(cleared, page),
        "offset": repr(float(offset_seconds)),
        "curve": _outline(haze_per_second),
    }
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", value)
    try:
        page.write_text(template, encoding="utf-8")
    except OSError as error:
        raise SinkWriteError(f"Cannot write the page {page}: {error.strerror}.") from error
    return page


def _address(video: Path, page: Path) -> str:
    """A relative address, so that a folder may move as a whole."""
    relative = os.path.relpath(video.resolve(), page.resolve().parent)
    return html.escape(quote(Path(relative).as_posix()))


def _outline(haze: Sequence[float | None]) -> str:
    """Points of an SVG polygon of ``_WIDTH`` x ``_HEIGHT``."""
    steps = [(second, max(0.0, min(1.0, density or 0.0))) for second, density in enumerate(haze)]
    corners = [(second + side, density) for second, density in steps for side in (0, 1)]
    points = [f"{_WIDTH * at / max(len(haze), 1):.1f},{_HEIGHT * (1 - density):.1f}" for at, density in corners]
    return " ".join([f"0,{_HEIGHT}", *points, f"{_WIDTH},{_HEIGHT}"])
