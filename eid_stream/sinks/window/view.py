"""What of a frame is shown, and where on the screen: enhanced, original, split, side by side, with its haze."""

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from eid_stream.core.frame import Frame
from eid_stream.core.haze_maps import GAIN_LUMA, T_MIN, HazeMaps
from eid_stream.sinks.window.display_picture import DisplayConverter, Picture

STRIP_HEIGHT = 34
"""Height in pixels of the strips above and below the picture that take the marks when they are moved off it."""


@dataclass(slots=True)
class View:
    """What the viewer has chosen; the keys change it."""

    split: bool = False
    border: float = 0.5
    """Where the split lies, as a share of the picture's width; the original is on its left."""
    side_by_side: bool = False
    haze: bool = False
    panel: bool = False
    help: bool = False
    marks_outside: bool = False
    upscale: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle of the canvas in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, canvas: Picture) -> Picture:
        """The part of ``canvas``, to be written into."""
        return canvas[self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True, slots=True)
class Composition:
    """A canvas with the picture on it, ready for the marks."""

    canvas: Picture
    picture: Place
    border: int | None
    """Column of the canvas where the enhanced half begins, in a split or side by side."""


class Composer:
    """Draws frames onto canvases of the window's size: aspect kept, centred, black around, never upscaled unasked."""

    def __init__(self, sample_aspect: Fraction | None = None, rotation: int = 0) -> None:
        """Shape and turn pictures as the stream says; ``rotation`` in degrees counter-clockwise, multiples of 90."""
        self._sample_aspect = float(sample_aspect or 1)
        self._quarter_turns = round(rotation / 90) % 4
        self._converter = DisplayConverter()
        self._canvas: Picture = np.zeros((0, 0, 3), np.uint8)

    def shown_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height that a stored picture has on a screen of square pixels, unscaled."""
        shown_width = max(1, round(width * self._sample_aspect))
        return (height, shown_width) if self._quarter_turns % 2 else (shown_width, height)

    def compose(
        self, frame: Frame, view: View, canvas_width: int, canvas_height: int, *, original: bool
    ) -> Composition:
        """The canvas for one frame, valid until the next call.

        ``original`` shows the captured picture whatever the view says.
        """
        columns = 2 if view.side_by_side else 1
        width, height = self.shown_size(frame.width, frame.height)
        strips = 2 * STRIP_HEIGHT if view.marks_outside else 0
        place = fit(columns * width, height, canvas_width, canvas_height, strips, upscale=view.upscale)
        one = Place(place.left, place.top, place.width // columns, place.height)
        left = frame.captured if original or view.side_by_side else frame
        right = frame.captured if original else frame
        picture = self._picture(left, view, one)
        if picture.shape[:2] == (canvas_height, canvas_width) and picture.flags.c_contiguous:
            canvas = picture  # it fills the window and is ours: nothing to copy
        else:
            canvas = self._cleared(canvas_width, canvas_height, place)
            one.of(canvas)[...] = picture
        border = None
        if view.side_by_side:
            two = Place(one.left + one.width, one.top, one.width, one.height)
            two.of(canvas)[...] = self._picture(right, view, two)
            border = two.left
        elif view.split and not original:
            border = one.left + round(one.width * min(max(view.border, 0.0), 1.0))
            clear = self._picture(frame.captured, view, one)
            one.of(canvas)[:, : border - one.left] = clear[:, : border - one.left]
            canvas[one.top : one.top + one.height, max(border - 1, 0) : border + 1] = 255
        return Composition(canvas, Place(one.left, one.top, one.width * columns, one.height), border)

    def _cleared(self, width: int, height: int, place: Place) -> Picture:
        """The canvas with black around ``place``: new memory for every frame would cost more than drawing."""
        if self._canvas.shape[:2] != (height, width):
            self._canvas = np.zeros((height, width, 3), np.uint8)
        canvas = self._canvas
        canvas[: place.top] = 0
        canvas[place.top + place.height :] = 0
        canvas[:, : place.left] = 0
        canvas[:, place.left + place.width :] = 0
        return canvas

    def _picture(self, frame: Frame, view: View, place: Place) -> Picture:
        width, height = (place.height, place.width) if self._quarter_turns % 2 else (place.width, place.height)
        picture = self._converter.picture(frame, width, height)
        if view.haze:
            picture = with_haze(picture, frame)
        return np.rot90(picture, self._quarter_turns)


def fit(width: int, height: int, canvas_width: int, canvas_height: int, strips: int, *, upscale: bool) -> Place:
    """The largest centred place with the picture's aspect; not larger than the picture unless ``upscale``."""
    room = max(2, canvas_height - strips)
    scale = min(canvas_width / width, room / height)
    if not upscale:
        scale = min(scale, 1.0)
    shown_width, shown_height = max(2, round(width * scale) & ~1), max(1, round(height * scale))
    return Place((canvas_width - shown_width) // 2, (canvas_height - shown_height) // 2, shown_width, shown_height)


def with_haze(picture: Picture, frame: Frame) -> Picture:
    """The picture in grey under a colour for the share of light that the haze is held responsible for."""
    if frame.maps is None:
        return picture
    share = haze_share(frame.maps)
    height, width = picture.shape[:2]
    smooth = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    grey = cv2.cvtColor(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    colours = cv2.applyColorMap(smooth, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.addWeighted(grey, 0.45, colours, 0.55, 0.0), np.uint8)


def haze_share(maps: HazeMaps) -> NDArray[np.uint8]:
    """Share of light that the haze is held responsible for, of the most there can be, as 0 to 255 on the maps' grid."""
    gain = np.maximum(maps.values[GAIN_LUMA], 1.0)
    share = (1.0 - 1.0 / gain) / (1.0 - T_MIN) * 255
    return np.asarray(share.clip(0, 255), np.uint8)
