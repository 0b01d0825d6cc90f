from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from eid_stream.core.ffmpeg.picture_buffer import allocate
from eid_stream.core.frame import DEHAZED, PIXEL_LAYOUTS, Colour, Frame
from eid_stream.core.haze_maps import HazeMaps
from eid_stream.sinks.window.display_picture import DisplayConverter, Picture
from eid_stream.sinks.window.overlay import Marks, draw_marks
from eid_stream.sinks.window.view import Composer, View

WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 9: (0.2627, 0.0593)}
"""Red and blue weights of luma by matrix (ITU-R BT.709, BT.601, BT.2020)."""
QUIET = Marks(dehazed=True, why="", strength=1.0, engine="student", beat=3, age_seconds=0.01)
LOUD = replace(
    QUIET,
    trouble="udp://10.0.0.2:5000 broke off",
    frozen=True,
    recording="12:34",
    warnings=("added latency 83 ms", "disk: 900 MiB left"),
    panel=("added p50 6.1 p95 8.0 p99 11.2 max 30 ms", "dehaze p50 4.1", "frames 100 dropped 0", "bypassed 3"),
    help=True,
)


def make_frame(
    value: tuple[int, int, int] = (120, 128, 128),
    *,
    layout: str = "yuv420p",
    colour: Colour | None = None,
    width: int = 640,
) -> Frame:
    pixels = PIXEL_LAYOUTS[layout]
    planes, buffer = allocate(width, width * 9 // 16, pixels)
    for plane, code in zip(planes, value, strict=True):
        plane[...] = code
    return Frame(planes, pixels, colour or Colour(1, 1, 1, False), 0, Fraction(1, 25), 0, 0, buffer=buffer)


def enhanced(luma: int = 60) -> Frame:
    values = HazeMaps.identity().values
    values[0, :, 0] = 4.0
    original = make_frame()
    return replace(make_frame((luma, 128, 128)), original=original, maps=HazeMaps(values, 0.5), state=DEHAZED)


def expected_bgr(frame: Frame) -> tuple[float, float, float]:
    depth = frame.layout.bit_depth
    black, luma_span = frame.colour.luma_levels(depth)
    neutral, chroma_span = frame.colour.chroma_levels(depth)
    y, cb, cr = (float(plane[0, 0]) for plane in frame.planes)
    y, cb, cr = (y - black) / luma_span, (cb - neutral) / chroma_span, (cr - neutral) / chroma_span
    red_weight, blue_weight = WEIGHTS[frame.colour.matrix]
    red, blue = y + 2 * (1 - red_weight) * cr, y + 2 * (1 - blue_weight) * cb
    green = (y - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    return blue * 255, green * 255, red * 255


@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("full_range", [True, False])
@pytest.mark.parametrize(("layout", "scale"), [("yuv420p", 1), ("yuv422p10le", 4), ("yuv444p12le", 16)])
def test_the_screen_shows_the_streams_own_colours(matrix: int, full_range: bool, layout: str, scale: int) -> None:
    frame = make_frame(
        (120 * scale, 110 * scale, 150 * scale), layout=layout, colour=Colour(matrix, full_range=full_range)
    )
    shown = DisplayConverter().picture(frame)[5, 5]
    assert shown.tolist() == pytest.approx(expected_bgr(frame), abs=3.5)


def test_untagged_pictures_are_read_as_players_read_them() -> None:
    small, large = (make_frame((120, 110, 150), colour=Colour(), width=width) for width in (640, 1280))
    tagged = (
        make_frame((120, 110, 150), colour=Colour(matrix), width=width) for matrix, width in ((5, 640), (1, 1280))
    )
    for untagged, told in zip((small, large), tagged, strict=True):
        assert np.array_equal(DisplayConverter().picture(untagged), DisplayConverter().picture(told))


def shown(frame: Frame, view: View, width: int = 640, height: int = 360, *, original: bool = False) -> Picture:
    return Composer().compose(frame, view, width, height, original=original).canvas.copy()


def test_a_picture_is_never_enlarged_unasked_and_keeps_its_aspect() -> None:
    composer = Composer()
    frame = enhanced()
    small = composer.compose(frame, View(), 1920, 1200, original=False).picture
    assert (small.left, small.top, small.width, small.height) == (640, 420, 640, 360)
    asked = composer.compose(frame, View(upscale=True), 1920, 1200, original=False).picture
    assert (asked.left, asked.top, asked.width, asked.height) == (0, 60, 1920, 1080)
    shrunk = composer.compose(frame, View(), 320, 320, original=False).picture
    assert (shrunk.width, shrunk.height) == (320, 180)


def test_sample_aspect_and_rotation_are_those_of_the_stream() -> None:
    frame = enhanced()
    wide = Composer(Fraction(3, 2)).compose(frame, View(), 2000, 1000, original=False).picture
    assert (wide.width, wide.height) == (960, 360)
    turned = Composer(rotation=90).compose(frame, View(), 2000, 1000, original=False).picture
    assert (turned.width, turned.height) == (360, 640)


def test_rotation_is_counter_clockwise() -> None:
    frame = make_frame()
    frame.planes[0][:, 320:] = 235
    canvas = Composer(rotation=90).compose(frame, View(), 360, 640, original=True).canvas
    assert canvas[10, 180, 0] > 230
    assert canvas[630, 180, 0] < 150


def test_the_split_shows_the_original_left_of_its_border() -> None:
    canvas = shown(enhanced(), View(split=True, border=0.25))
    original, ours = shown(enhanced(), View(), original=True), shown(enhanced(), View())
    assert np.array_equal(canvas[:, :158], original[:, :158])
    assert np.array_equal(canvas[:, 162:], ours[:, 162:])


def test_side_by_side_shows_both_whole() -> None:
    canvas = shown(enhanced(), View(side_by_side=True), 1280, 360)
    assert np.array_equal(canvas[:, :640], shown(enhanced(), View(), original=True))
    assert np.array_equal(canvas[:, 640:], shown(enhanced(), View()))


def test_the_original_is_what_the_camera_gave() -> None:
    frame = enhanced()
    expected = DisplayConverter().picture(frame.captured)
    for view in (View(), View(split=True)):
        assert np.array_equal(shown(frame, view, original=True), expected)


def test_the_haze_view_is_brightest_where_the_haze_is() -> None:
    canvas = shown(enhanced(), View(haze=True)).astype(int)
    assert canvas[180, 10, 2] - canvas[180, 10, 0] > 40
    assert canvas[180, 630, 2] - canvas[180, 630, 0] < 10


def drawn(marks: Marks, *, outside: bool = False) -> tuple[Picture, Picture]:
    """The canvas without and with the marks."""
    composition = Composer().compose(enhanced(), View(marks_outside=outside), 640, 440, original=False)
    clean = composition.canvas.copy()
    return clean, draw_marks(composition, replace(marks, outside=outside))


@pytest.mark.parametrize(
    "marks",
    [
        QUIET,
        LOUD,
        replace(LOUD, dehazed=False, why="haze maps hold NaN or infinity"),
        replace(LOUD, warnings=[f"record {number}: the disk is full and the run goes on" for number in range(9)]),
        replace(LOUD, panel=["maps' age p50 123.4 p95 234.5 p99 345.6 max 4567 ms"] * 9, help=False),
    ],
)
def test_marks_never_cover_the_centre(marks: Marks) -> None:
    clean, marked = drawn(marks)
    centre = slice(40 + 90, 40 + 270), slice(160, 480)
    assert np.array_equal(clean[centre], marked[centre])
    assert not np.array_equal(clean, marked)


def test_marks_can_be_moved_off_the_picture() -> None:
    clean, marked = drawn(replace(QUIET, recording="00:12"), outside=True)
    picture = slice(40, 400)
    assert np.array_equal(clean[picture], marked[picture])
    assert not np.array_equal(clean, marked)


def test_enhanced_original_and_the_reason_look_different() -> None:
    pictures = [
        drawn(marks)[1]
        for marks in (
            QUIET,
            replace(QUIET, strength=0.5),
            replace(QUIET, dehazed=False),
            replace(QUIET, dehazed=False, why="late"),
        )
    ]
    for index, picture in enumerate(pictures):
        assert all(not np.array_equal(picture, other) for other in pictures[index + 1 :])


def test_the_heartbeat_moves_with_every_frame() -> None:
    beats = [drawn(replace(QUIET, beat=beat))[1] for beat in range(3)]
    assert not np.array_equal(beats[0], beats[1])
    assert not np.array_equal(beats[1], beats[2])


def test_a_lost_signal_darkens_the_picture_so_that_it_is_not_taken_for_the_present() -> None:
    clean, marked = drawn(replace(QUIET, age_seconds=3.2))
    assert marked[220, 320, 0] < clean[220, 320, 0] // 2
    assert (marked[40:130, :, 2] > 200).any()


@pytest.mark.parametrize("size", [(64, 48), (320, 180), (3840, 2160)])
def test_marks_fit_every_window(size: tuple[int, int]) -> None:
    composition = Composer().compose(enhanced(), View(), *size, original=False)
    assert draw_marks(composition, LOUD).shape == (size[1], size[0], 3)
