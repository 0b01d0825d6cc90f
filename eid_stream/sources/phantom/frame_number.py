"""A frame's number, painted where a machine can read it back after compression, scaling and dehazing."""

from eid_stream.core.frame import Plane

COLUMNS, ROWS = 6, 4
"""Bits of the code, row by row; every bit is two cells side by side, dark-bright for 0 and bright-dark for 1."""
NUMBER_BITS, CHECK_BITS = 20, 4
LARGEST = (1 << NUMBER_BITS) - 1


def paint_frame_number(plane: Plane, number: int, dark: int, bright: int) -> None:
    """Paint a number into the lower left corner of a luma plane (or erase a chroma plane's: dark equals bright).

    Cells are the 80th part of the width, at least 4 pixels. Numbers above LARGEST start again at 0.
    """
    code = _code(number & LARGEST)
    xs, ys = _edges(plane)
    for bit in range(COLUMNS * ROWS):
        row, column = divmod(bit, COLUMNS)
        first, second = (bright, dark) if code >> bit & 1 else (dark, bright)
        rows = slice(ys[row], ys[row + 1])
        plane[rows, xs[2 * column] : xs[2 * column + 1]] = first
        plane[rows, xs[2 * column + 1] : xs[2 * column + 2]] = second


def read_frame_number(luma: Plane) -> int:
    """Read a painted number back from a luma plane of any size with the same aspect.

    Cells are compared in pairs, so any smooth monotone change of brightness leaves the number readable.

    Raises:
        ValueError: there is no number, or it is damaged.
    """
    xs, ys = _edges(luma)
    code = 0
    for bit in range(COLUMNS * ROWS):
        row, column = divmod(bit, COLUMNS)
        first = _inside(luma, ys[row], ys[row + 1], xs[2 * column], xs[2 * column + 1])
        second = _inside(luma, ys[row], ys[row + 1], xs[2 * column + 1], xs[2 * column + 2])
        code |= int(first > second) << bit
    number = code & LARGEST
    if _code(number) != code:
        raise ValueError("the picture holds no readable frame number")
    return number


def _edges(plane: Plane) -> tuple[list[int], list[int]]:
    """Cell borders in pixels, from the left and down to the bottom edge."""
    height, width = plane.shape
    cell = max(4.0, width / 80.0)
    xs = [round(cell * column) for column in range(2 * COLUMNS + 1)]
    ys = [height - round(cell * (ROWS - row)) for row in range(ROWS + 1)]
    return xs, ys


def _inside(luma: Plane, top: int, bottom: int, left: int, right: int) -> float:
    """Mean of the inner half of a cell, away from ringing and chroma bleeding."""
    dx, dy = (right - left) // 4, (bottom - top) // 4
    return float(luma[top + dy : bottom - dy, left + dx : right - dx].mean())


def _code(number: int) -> int:
    """The number with its check bits above it; the check of 0 is not 0, nor is that of all ones."""
    check = 0b1001
    for shift in range(0, NUMBER_BITS, CHECK_BITS):
        nibble = number >> shift & 0xF
        check = ((check << 1 | check >> 3) & 0xF) ^ nibble
    return check << NUMBER_BITS | number
