"""The values that flow: a picture's layout and colour, one frame of it, and what is known of a stream."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eid_stream.core.haze_maps import HazeMaps

Plane = NDArray[np.uint8] | NDArray[np.uint16]
Planes = tuple[Plane, Plane, Plane]


def row_stride(plane: Plane) -> int:
    """Samples from one row of a plane to the next: compiled loops need contiguous samples within a row.

    Raises:
        ValueError: they are not.
    """
    row_bytes, sample_bytes = plane.strides
    if sample_bytes != plane.itemsize or row_bytes % sample_bytes or row_bytes < 0:
        raise ValueError(f"a plane's rows must hold contiguous samples, strides are {plane.strides} bytes")
    return row_bytes // sample_bytes


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How Y'CbCr samples are stored: chroma subsampling as right shifts, and bits per sample."""

    name: str
    """FFmpeg's name of the pixel format."""
    chroma_shift_x: int
    chroma_shift_y: int
    bit_depth: int

    @property
    def dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """Sample type: uint8 for 8 bit, little-endian uint16 above."""
        return np.dtype(np.uint8) if self.bit_depth == 8 else np.dtype("<u2")

    def plane_shapes(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """Shapes ``(height, width)`` of the Y, Cb and Cr planes; odd sizes round up, as in FFmpeg."""
        chroma = -(-height >> self.chroma_shift_y), -(-width >> self.chroma_shift_x)
        return (height, width), chroma, chroma


PIXEL_LAYOUTS = {
    layout.name: layout
    for shift_x, shift_y, sampling in ((1, 1, "420"), (1, 0, "422"), (0, 0, "444"))
    for bit_depth, suffix in ((8, ""), (10, "10le"), (12, "12le"))
    for layout in (PixelLayout(f"yuv{sampling}p{suffix}", shift_x, shift_y, bit_depth),)
}
"""Every layout the runtime works on, by FFmpeg's name."""


@dataclass(frozen=True, slots=True)
class Colour:
    """How code values mean colours: code points of ITU-T H.273 (2 = unspecified) and the code range."""

    matrix: int = 2
    primaries: int = 2
    transfer: int = 2
    full_range: bool | None = None
    """True: full ("JPEG"), False: limited ("MPEG"), None: untagged, to be read as limited."""
    chroma_location: int = 0
    """FFmpeg's AVChromaLocation; 0 = unspecified."""

    def luma_levels(self, bit_depth: int) -> tuple[float, float]:
        """Code value of black, and the number of codes from black to nominal white."""
        if self.full_range:
            return 0.0, float((1 << bit_depth) - 1)
        scale = 1 << (bit_depth - 8)
        return 16.0 * scale, 219.0 * scale

    def chroma_levels(self, bit_depth: int) -> tuple[float, float]:
        """Code value of neutral chroma, and the number of codes that Cb or Cr in [-0.5, 0.5] spans."""
        if self.full_range:
            return float(1 << (bit_depth - 1)), float((1 << bit_depth) - 1)
        scale = 1 << (bit_depth - 8)
        return 128.0 * scale, 224.0 * scale


@dataclass(frozen=True, slots=True)
class FrameState:
    """Whether a frame's planes are dehazed, and if they are not, why."""

    dehazed: bool
    why: str = ""


CAPTURED = FrameState(dehazed=False, why="as captured")
DEHAZED = FrameState(dehazed=True)


@dataclass(frozen=True, slots=True, eq=False)
class SectionStart:
    """Rides on the first frame of a section, where a run that was killed can be taken up again."""

    states: dict[str, bytes] = field(default_factory=dict)
    """What each stage knew before this frame, put in by itself: see ``saved_state``."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video with its place in time. Planes are views: nobody writes into a frame he got."""

    planes: Planes
    """Y, Cb, Cr; rows may be strided, samples within a row are contiguous."""
    layout: PixelLayout
    colour: Colour
    pts: int
    """Presentation time stamp in units of ``time_base``."""
    time_base: Fraction
    index: int
    """Number of frames captured before this one."""
    captured_ns: int
    """``time.monotonic_ns()`` at the moment the frame was available from the source."""
    duration: int = 0
    """Display time in units of ``time_base``; 0 = unknown."""
    state: FrameState = CAPTURED
    interlaced: bool = False
    top_field_first: bool = False
    original: "Frame | None" = None
    """The captured frame this one was made from; None when the planes are the captured ones."""
    maps: HazeMaps | None = None
    """The haze maps the planes were corrected with."""
    buffer: Any = None
    """Whatever owns the planes' memory (an ``av.VideoFrame``, say), for a sink that can take it as it is."""
    section: SectionStart | None = None
    """Set on the first frame of a section of a file, but for the very first one."""

    @property
    def width(self) -> int:
        """Width of the luma plane in pixels."""
        return int(self.planes[0].shape[1])

    @property
    def height(self) -> int:
        """Height of the luma plane in pixels."""
        return int(self.planes[0].shape[0])

    @property
    def seconds(self) -> Fraction:
        """Presentation time in seconds."""
        return self.pts * self.time_base

    @property
    def captured(self) -> "Frame":
        """The picture as the camera gave it."""
        return self.original or self


@dataclass(frozen=True, slots=True)
class MasteringDisplay:
    """The display that a video was graded on (SMPTE ST 2086): CIE 1931 x and y, and luminance in cd/m2."""

    red: tuple[Fraction, Fraction]
    green: tuple[Fraction, Fraction]
    blue: tuple[Fraction, Fraction]
    white: tuple[Fraction, Fraction]
    darkest: Fraction
    brightest: Fraction


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is known of a video before its first frame."""

    address: str
    """Where it comes from, without credentials: fit to be printed."""
    width: int
    height: int
    layout: PixelLayout
    colour: Colour
    time_base: Fraction
    live: bool = False
    """True: frames come when they come and late ones are worthless; False: every frame counts."""
    nominal_rate: Fraction | None = None
    """Frames per second as announced; never used to compute time stamps."""
    sample_aspect: Fraction | None = None
    rotation: int = 0
    """Degrees counter-clockwise by which the picture is to be turned for display (FFmpeg's display matrix)."""
    display_matrix: tuple[int, ...] = ()
    """All nine numbers of FFmpeg's display matrix (it can also mirror); empty where there is none."""
    interlaced: bool = False
    top_field_first: bool = False
    mastering_display: MasteringDisplay | None = None
    """HDR10: the display the video was graded on."""
    content_light: tuple[int, int] | None = None
    """HDR10: the brightest pixel, and the brightest picture on average, in cd/m2 (CTA-861.3)."""
    stereo_packing: str = ""
    """How the views of both eyes lie in one picture: ``side by side``, ``top and bottom`` or empty."""
    codec: str | None = None
    """FFmpeg's name of the codec of the incoming video (``h264``, ``hevc``, ...)."""
    stream_index: int = 0
    """Number of the video stream in its container."""
    start_seconds: Fraction = Fraction(0)
    duration_seconds: float | None = None
    frame_count: int | None = None
    """Expected number of frames, for progress only."""
