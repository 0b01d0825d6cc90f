"""How benchmarks speak: aligned Markdown tables for people, one JSON line for machines."""

import json
import math
from collections.abc import Mapping, Sequence

Number = float | None


def table(title: str, columns: Sequence[str], rows: Mapping[str, Mapping[str, Number]], digits: int = 2) -> str:
    """A Markdown table with one line per row and a dash where a row has no such figure."""
    cells = [["", *columns]]
    cells += [[name, *(_cell(figures.get(column), digits) for column in columns)] for name, figures in rows.items()]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns) + 1)]
    lines = [_line(line, widths) for line in cells]
    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([title, "", lines[0], f"|{rule}|", *lines[1:], ""])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return " | ".join([f"| {first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]) + " |"


def _cell(value: Number, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def json_line(content: Mapping[str, object]) -> str:
    """One line of JSON; figures rounded to five significant digits, NaN as null."""
    return json.dumps(_plain(content), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value
