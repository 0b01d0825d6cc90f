"""The marks on the picture: what it is, whether it lives, what is wrong. Nothing is drawn over its centre."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from eid_stream.sinks.window.display_picture import Picture
from eid_stream.sinks.window.view import STRIP_HEIGHT, Composition, Place

GREEN, AMBER, RED, GREY, WHITE = (120, 220, 120), (0, 190, 255), (60, 60, 255), (190, 190, 190), (255, 255, 255)
Colour = tuple[int, int, int]

CENTRE_SHARE = 0.5
"""The middle half of the picture in both directions belongs to the surgeon."""
STALE_SECONDS = 0.2
"""Age from which a frame's age is shown."""
LOST_SECONDS = 1.0
"""Age from which the picture is history: NO SIGNAL."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HELP = (
    "b bypass  c hold: original  +/- strength  v split  s side  m haze  d latency  p photo  r record  f full  q quit"
)


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything the marks may say about one picture."""

    dehazed: bool
    why: str
    """Reason when the picture is the original."""
    strength: float
    engine: str
    beat: int
    """A number that changes with every frame."""
    age_seconds: float
    trouble: str = ""
    """What is wrong with the signal; empty while frames come."""
    frozen: bool = False
    recording: str = ""
    warnings: Sequence[str] = ()
    panel: Sequence[str] = ()
    """Lines of the latency panel; empty = hidden."""
    help: bool = False
    outside: bool = False
    """Marks stand above and below the picture instead of in its corners."""

    @property
    def lost(self) -> bool:
        """Whether what is on the screen must no longer be taken for the present."""
        return self.age_seconds >= LOST_SECONDS


def draw_marks(composition: Composition, marks: Marks) -> Picture:
    """Draw onto the composition's canvas and return it."""
    pen = _Pen(composition, outside=marks.outside)
    if marks.lost:
        _dim(composition)
        pen.top_middle(f"NO SIGNAL  {marks.age_seconds:.1f} s", RED, size=2.0)
        if marks.trouble:
            pen.below_top_middle(marks.trouble, WHITE)
    elif marks.frozen:
        pen.top_middle("INPUT FROZEN", RED, size=1.5)
    _say_what_it_is(pen, composition, marks)
    _say_what_is_wrong(pen, marks)
    _show_life(pen, marks)
    for line, text in enumerate(marks.panel, start=1):
        pen.top_right(text, WHITE, line=line)
    if marks.help:
        pen.bottom_left(_HELP, WHITE, line=0)
    return composition.canvas


def _say_what_it_is(pen: "_Pen", composition: Composition, marks: Marks) -> None:
    if not marks.dehazed:
        pen.top_left(f"ORIGINAL: {marks.why}" if marks.why else "ORIGINAL", AMBER)
        return
    enhanced = f"ENHANCED {round(100 * marks.strength)} % {marks.engine}".rstrip()
    if composition.border is None:
        pen.top_left(enhanced, GREEN)
    else:
        pen.top_left("ORIGINAL", AMBER)
        pen.after(composition.border, enhanced, GREEN)


def _say_what_is_wrong(pen: "_Pen", marks: Marks) -> None:
    room = max(1, pen.lines_below_the_centre - marks.help)
    warnings = list(marks.warnings)
    if len(warnings) > room:
        warnings = [*warnings[: room - 1], f"and {len(warnings) - room + 1} more warnings"]
    for line, warning in enumerate(warnings, start=1 if marks.help else 0):
        pen.bottom_left(warning, AMBER, line=line)


def _show_life(pen: "_Pen", marks: Marks) -> None:
    stale = marks.age_seconds >= STALE_SECONDS
    if stale:
        pen.bottom_right(f"age {marks.age_seconds:.1f} s", RED)
    if marks.recording:
        pen.top_right(f"REC {marks.recording}", RED)
    pen.heartbeat(marks.beat, RED if stale else GREEN)


def _dim(composition: Composition) -> None:
    picture = composition.picture.of(composition.canvas)
    picture[...] = picture // 3


class _Pen:
    """Places text in the corners of the picture, or in the strips beside it, at a size that follows the picture's."""

    def __init__(self, composition: Composition, *, outside: bool) -> None:
        self._canvas = composition.canvas
        canvas_height, canvas_width = self._canvas.shape[:2]
        picture = composition.picture
        if outside:
            top = max(0, picture.top - STRIP_HEIGHT)
            bottom = min(canvas_height, picture.top + picture.height + STRIP_HEIGHT)
            self._place = Place(0, top, canvas_width, bottom - top)
        else:
            self._place = picture
        self._scale = min(max(picture.height / 900.0, 0.55), 1.2)
        self._picture_top = picture.top
        self._room = picture.height * (1.0 - CENTRE_SHARE) / 2.0
        self._margin = max(4, round(10 * self._scale))
        self._line_height = round(30 * self._scale)
        centre_ends = picture.top + picture.height - self._room
        self.lines_below_the_centre = int(
            (self._place.top + self._place.height - self._margin - centre_ends) / self._line_height
        )
        """So many lines of text have room between the centre of the picture and the lower edge."""

    def top_left(self, text: str, colour: Colour) -> None:
        self._write(text, colour, self._place.left + self._margin, self._row_from_top(0), self._scale)

    def after(self, column: int, text: str, colour: Colour) -> None:
        width, _ = _extent(text, self._scale)
        last = self._place.left + self._place.width - width - self._margin
        self._write(text, colour, min(column + self._margin, last), self._row_from_top(1), self._scale)

    def top_right(self, text: str, colour: Colour, line: int = 0) -> None:
        beside_the_centre = self._place.width * (1.0 - CENTRE_SHARE) / 2.0 - self._margin - _pad(self._scale)
        scale = self._fitting(text, beside_the_centre, self._scale)
        width, _ = _extent(text, scale)
        left = self._place.left + self._place.width - width - self._margin
        self._write(text, colour, left, self._row_from_top(line), scale)

    def bottom_left(self, text: str, colour: Colour, line: int) -> None:
        scale = self._fitting(text, self._place.width * 0.8, self._scale)
        row = self._place.top + self._place.height - self._margin - line * self._line_height
        self._write(text, colour, self._place.left + self._margin, row, scale)

    def bottom_right(self, text: str, colour: Colour) -> None:
        width, _ = _extent(text, self._scale)
        left = self._place.left + self._place.width - width - self._margin
        self._write(text, colour, left, self._place.top + self._place.height - 3 * self._margin, self._scale)

    def top_middle(self, text: str, colour: Colour, *, size: float) -> None:
        """A headline, as low as the free centre lets it be with one more line below."""
        self._write_middle(text, colour, size * self._scale, self._lowest_row() - self._line_height)

    def below_top_middle(self, text: str, colour: Colour) -> None:
        self._write_middle(text, colour, 0.7 * self._scale, self._lowest_row())

    def _lowest_row(self) -> int:
        return self._picture_top + round(self._room) - self._margin

    def _write_middle(self, text: str, colour: Colour, scale: float, baseline: int) -> None:
        scale = self._fitting(text, self._place.width * 0.9, scale)
        width, _ = _extent(text, scale)
        self._write(text, colour, self._place.left + (self._place.width - width) // 2, baseline, scale)

    def heartbeat(self, beat: int, colour: Colour) -> None:
        """A block that steps along a short track with every frame: it stands still when the picture does."""
        steps, size = 12, max(3, round(7 * self._scale))
        left = self._place.left + self._place.width - self._margin - steps * size
        row = self._place.top + self._place.height - self._margin
        cv2.rectangle(self._canvas, (left, row - size), (left + steps * size, row), (40, 40, 40), -1)
        start = left + (beat % steps) * size
        cv2.rectangle(self._canvas, (start, row - size), (start + size, row), colour, -1)

    def _row_from_top(self, line: int) -> int:
        return self._place.top + self._margin + round(22 * self._scale) + line * self._line_height

    def _fitting(self, text: str, room: float, scale: float) -> float:
        width, _ = _extent(text, scale)
        return scale if width <= room else scale * room / width

    def _write(self, text: str, colour: Colour, left: int, baseline: int, scale: float) -> None:
        width, height = _extent(text, scale)
        pad = _pad(scale)
        ground = Place(max(0, left - pad), max(0, baseline - height - pad), width + 2 * pad, height + 3 * pad)
        area = ground.of(self._canvas)
        area[...] = area // 3
        thickness = max(1, round(1.6 * scale))
        cv2.putText(self._canvas, text, (left, baseline), _FONT, scale * 0.75, colour, thickness, cv2.LINE_AA)


def _pad(scale: float) -> int:
    """Pixels of darkened ground around a text."""
    return max(2, round(4 * scale))


def _extent(text: str, scale: float) -> tuple[int, int]:
    (width, height), _ = cv2.getTextSize(text, _FONT, scale * 0.75, max(1, round(1.6 * scale)))
    return int(width), int(height)
