"""A folder at one look: a page of one file, without a server, with the haze of every video over its time."""

import base64
import html
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from eid_stream.archive.archive_run import counted
from eid_stream.archive.manifest import Entry, Manifest
from eid_stream.archive.moment_picture import jpeg_at
from eid_stream.archive.pair_page import page_of
from eid_stream.core.errors import SinkWriteError

NAME = "report.html"
HAZY = 0.1
"""Mean density from which a second counts as hazy."""
_MOMENTS = 3
_APART_SECONDS = 20
_WIDTH, _HEIGHT = 1000, 60


def write_report(manifest: Manifest) -> Path:
    """Write ``report.html`` beside the manifest; pictures are read from the sources and outputs that are still there.

    Raises:
        SinkWriteError: it cannot be stored.
    """
    path = manifest.folder / NAME
    template = files("eid_stream.archive").joinpath("report.template.html").read_text(encoding="utf-8")
    sections = "\n".join(_section(entry, manifest.folder) for entry in manifest.entries)
    page = template.replace("{{summary}}", html.escape(_summary(manifest.entries))).replace("{{videos}}", sections)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise SinkWriteError(f"Cannot write the report {path}: {error.strerror}.") from error
    return path


def worst_seconds(curve: list[float | None]) -> list[int]:
    """The haziest seconds, at least ``_APART_SECONDS`` from one another, worst first; none where there is no haze."""
    chosen: list[int] = []
    for second in sorted(range(len(curve)), key=lambda second: -(curve[second] or 0.0)):
        if (curve[second] or 0.0) < HAZY or len(chosen) == _MOMENTS:
            break
        if all(abs(second - other) >= _APART_SECONDS for other in chosen):
            chosen.append(second)
    return chosen


def _summary(entries: list[Entry]) -> str:
    done = [entry for entry in entries if entry.state == "done"]
    whole = sum(entry.video_seconds for entry in done)
    hazy = sum((density or 0.0) >= HAZY for entry in done for density in entry.haze_per_second)
    failed = sum(entry.state == "failed" for entry in entries)
    return f"{counted(len(done))} of {_clock(whole)}, of which {_clock(hazy)} hold haze; {failed} failed."


def _section(entry: Entry, folder: Path) -> str:
    name = html.escape(entry.output)
    if entry.state != "done":
        why = html.escape(entry.sentence or entry.state)
        return f'<section class="{entry.state}"><h2>{name}</h2><p>{why}</p></section>'
    facts = f"{_clock(entry.video_seconds)}, {entry.frames} frames, engine {html.escape(entry.engine)}"
    note = f"<p>{html.escape(entry.sentence)}</p>" if entry.sentence else ""
    moments = "".join(_moments(entry, folder))
    page = page_of(folder / entry.output)
    if page.exists():
        name = f'<a href="{html.escape(quote(page.relative_to(folder).as_posix()))}">{name}</a>'
    return f"<section><h2>{name}</h2><p>{facts}</p>{note}{_timeline(entry.haze_per_second)}{moments}</section>"


def _timeline(curve: list[float | None]) -> str:
    """The curve as an area of inline SVG."""
    if not curve:
        return ""
    points = [
        f"{_WIDTH * second / len(curve):.1f},{_HEIGHT * (1.0 - min(1.0, density or 0.0)):.1f}"
        for second, density in enumerate([*curve, curve[-1]])
    ]
    outline = f"0,{_HEIGHT} {' '.join(points)} {_WIDTH},{_HEIGHT}"
    axis = f'<div class="axis"><span>0:00:00</span><span>{_clock(len(curve))}</span></div>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Haze over time">'
        f'<polygon points="{outline}"/></svg>{axis}'
    )


def _moments(entry: Entry, folder: Path) -> Iterator[str]:
    for second in worst_seconds(entry.haze_per_second):
        before = None if "black_out" in entry.settings else jpeg_at(Path(entry.source), second)
        pictures = before, jpeg_at(folder / entry.output, second)
        shown = "".join(
            f'<img alt="{what}" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
            for what, picture in zip(("before", "after"), pictures, strict=True)
            if picture is not None
        )
        yield f"<figure>{shown}<figcaption>{_clock(second)}, before and after</figcaption></figure>"


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
