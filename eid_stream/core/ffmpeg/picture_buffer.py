"""The only place that maps FFmpeg's pictures to planes and colour, and back."""

from fractions import Fraction

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from eid_stream.core.frame import PIXEL_LAYOUTS, Colour, PixelLayout, Plane, Planes

_FULL_RANGE_NAMES = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
_RANGES = {int(ColorRange.MPEG): False, int(ColorRange.JPEG): True}
_BT709 = 1


def allocate(width: int, height: int, layout: PixelLayout) -> tuple[Planes, VideoFrame]:
    """Make a picture to be filled: writable views of its planes, and the owner of their memory.

    Rows are strided (FFmpeg pads them); the content is undefined.
    """
    picture = VideoFrame(width, height, layout.name)
    return _planes(picture, layout), picture


def writable(picture: VideoFrame, layout: PixelLayout) -> Planes:
    """Views of a picture's planes to be filled."""
    return _planes(picture, layout)


def view(picture: VideoFrame) -> Planes:
    """Look at a picture's planes without copying; the views are read-only.

    Raises:
        KeyError: the picture's format is none of ``PIXEL_LAYOUTS``; see ``LayoutConverter``.
    """
    planes = _planes(picture, PIXEL_LAYOUTS[_layout_name(picture.format)])
    for plane in planes:
        plane.flags.writeable = False
    return planes


def copy(planes: Planes, layout: PixelLayout) -> VideoFrame:
    """Copy planes into a new picture."""
    height, width = planes[0].shape
    targets, picture = allocate(width, height, layout)
    for target, plane in zip(targets, planes, strict=True):
        target[...] = plane
    return picture


def nearest_layout(pixel_format: VideoFormat) -> PixelLayout:
    """Find the layout that keeps most of what a pixel format holds.

    Subsampling never gets coarser and bits never get fewer, up to 4:4:4 at 12 bit; 4:1:0 becomes 4:2:0, grey becomes
    4:2:0 with neutral chroma, RGB becomes 4:4:4, alpha is lost.
    """
    name = _layout_name(pixel_format)
    if name in PIXEL_LAYOUTS:
        return PIXEL_LAYOUTS[name]
    depth = max(component.bits for component in pixel_format.components)
    bits = "" if depth <= 8 else "10le" if depth <= 10 else "12le"
    return PIXEL_LAYOUTS[f"yuv{_sampling(pixel_format)}p{bits}"]


def colour_of(picture: VideoFrame, *, chroma_location: int = 0) -> Colour:
    """Read a picture's colour tags. RGB is described as what ``LayoutConverter`` makes of it: BT.709, full range."""
    return Colour(
        matrix=_BT709 if _is_rgb(picture.format) else picture.colorspace,
        primaries=picture.color_primaries,
        transfer=picture.color_trc,
        full_range=True if _is_full_range(picture.format) else _RANGES.get(picture.color_range),
        chroma_location=chroma_location,
    )


def range_code(colour: Colour) -> ColorRange:
    """FFmpeg's code of a colour's range."""
    if colour.full_range is None:
        return ColorRange.UNSPECIFIED
    return ColorRange.JPEG if colour.full_range else ColorRange.MPEG


def tag(picture: VideoFrame, colour: Colour, *, pts: int, time_base: Fraction) -> None:
    """Write colour tags and time onto a picture."""
    picture.colorspace = colour.matrix
    picture.color_primaries = colour.primaries
    picture.color_trc = colour.transfer
    picture.color_range = int(range_code(colour))
    picture.pts = pts
    picture.time_base = time_base


class LayoutConverter:
    """Brings pictures of any format to one layout; those already in it pass untouched."""

    def __init__(self, layout: PixelLayout) -> None:
        """Aim at ``layout``."""
        self._layout = layout
        self._reformatter: VideoReformatter | None = None

    def convert(self, picture: VideoFrame) -> VideoFrame:
        """Return the picture in the layout, same size, same time; code values keep their range."""
        if _layout_name(picture.format) == self._layout.name:
            return picture
        self._reformatter = self._reformatter or VideoReformatter()
        code_range = range_code(colour_of(picture))
        return self._reformatter.reformat(
            picture,
            format=self._layout.name,
            dst_colorspace=Colorspace.ITU709 if _is_rgb(picture.format) else None,
            src_color_range=code_range,
            dst_color_range=code_range,
        )


def _layout_name(pixel_format: VideoFormat) -> str:
    return _FULL_RANGE_NAMES.get(pixel_format.name, pixel_format.name)


def _is_rgb(pixel_format: VideoFormat) -> bool:
    return pixel_format.is_rgb or pixel_format.has_palette


def _is_grey(pixel_format: VideoFormat) -> bool:
    return len(pixel_format.components) < 3 and not _is_rgb(pixel_format)


def _is_full_range(pixel_format: VideoFormat) -> bool:
    """Say whether FFmpeg reads the format as full range whatever the tag says."""
    return pixel_format.name in _FULL_RANGE_NAMES or _is_rgb(pixel_format) or _is_grey(pixel_format)


def _sampling(pixel_format: VideoFormat) -> str:
    if _is_rgb(pixel_format):
        return "444"
    if _is_grey(pixel_format):
        return "420"
    halved_x, halved_y = pixel_format.chroma_width(16) < 16, pixel_format.chroma_height(16) < 16
    if halved_x:
        return "420" if halved_y else "422"
    return "444"


def _planes(picture: VideoFrame, layout: PixelLayout) -> Planes:
    luma, blue, red = picture.planes
    return _samples(luma, layout), _samples(blue, layout), _samples(red, layout)


def _samples(plane: VideoPlane, layout: PixelLayout) -> Plane:
    itemsize = layout.dtype.itemsize
    stride = plane.line_size
    offset = 0 if stride > 0 else (plane.height - 1) * -stride
    samples: Plane = np.ndarray(
        (plane.height, plane.width), layout.dtype, buffer=memoryview(plane), offset=offset, strides=(stride, itemsize)
    )
    return samples
