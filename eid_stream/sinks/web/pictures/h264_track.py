"""One picture after the other as H.264 that every browser decodes at once: baseline, no look-ahead, no B-frames."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import cast

import av
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from eid_stream.core.errors import SinkOpenError
from eid_stream.core.ffmpeg.picture_buffer import copy, range_code, tag
from eid_stream.core.frame import Colour, Frame

TIME_BASE = Fraction(1, 90_000)
_NEVER = "1000000"
"""Key frames come when they are asked for."""
_MOST_THREADS = 4
_UNTAGGED = 2
_BT709, _BT601 = 1, 6
_TAGS = ("matrix", "primaries", "transfer")
_HD_WIDTH, _HD_HEIGHT = 1280, 576
_SPS = 7


@dataclass(frozen=True, slots=True)
class Encoder:
    """One of FFmpeg's encoders with the options that make it quick."""

    name: str
    options: dict[str, str] = field(default_factory=dict)


ENCODERS = (
    Encoder("h264_nvenc", {"preset": "p1", "tune": "ull", "zerolatency": "1", "delay": "0", "rc": "vbr", "cq": "24"}),
    Encoder("h264_videotoolbox", {"realtime": "1", "prio_speed": "1", "b:v": "12M"}),
    Encoder(
        "libx264",
        {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "maxrate": "24M", "bufsize": "6M"},
    ),
)
"""In the order in which they are tried; the first that opens is used."""


class H264Track:
    """Encodes frames of one size and colour; ``codec`` is the name by which a browser knows the stream."""

    def __init__(self, first: Frame, size: tuple[int, int], *, encoders: tuple[Encoder, ...] | None = None) -> None:
        """Open an encoder that makes pictures of ``size`` of frames like ``first``.

        The first of ``encoders`` (default: ``ENCODERS``) that works is taken.

        Raises:
            SinkOpenError: no encoder opens.
        """
        self._like = _kind(first)
        self.width, self.height = size
        self._colour = _tagged(first)
        self._reformatter = VideoReformatter()
        self._encoder = self._open(ENCODERS if encoders is None else encoders)
        self._number = 0
        self.codec = "avc1.42E028"

    def fits(self, frame: Frame, size: tuple[int, int]) -> bool:
        """Whether this was opened for frames like this one, to be sent at ``size``."""
        return _kind(frame) == self._like and (self.width, self.height) == size

    def encode(self, frame: Frame, *, key: bool) -> bytes:
        """The frame as an access unit in Annex B form, a key frame with its headers if asked.

        Raises:
            av.FFmpegError: the encoder failed.
        """
        picture = self._fitted(frame)
        tag(picture, self._colour, pts=self._number * 3000, time_base=TIME_BASE)
        picture.pict_type = PictureType.I if key else PictureType.NONE
        self._number += 1
        unit = b"".join(bytes(packet) for packet in self._encoder.encode(picture))
        if key:
            self.codec = _codec_name(unit) or self.codec
        return unit

    def _fitted(self, frame: Frame) -> VideoFrame:
        """A picture of our own: other outlets write their time stamps onto the one they share."""
        owner = frame.buffer if isinstance(frame.buffer, VideoFrame) else None
        if frame.layout.name == "yuv420p" and (frame.width, frame.height) == (self.width, self.height):
            return copy(frame.planes, frame.layout)
        code_range = ColorRange.JPEG if frame.colour.full_range else ColorRange.MPEG
        return self._reformatter.reformat(
            owner or copy(frame.planes, frame.layout),
            self.width,
            self.height,
            "yuv420p",
            src_color_range=code_range,
            dst_color_range=code_range,
            interpolation=Interpolation.BILINEAR,
        )

    def _open(self, encoders: tuple[Encoder, ...]) -> VideoCodecContext:
        for encoder in _present(encoders):
            context = self._context(encoder)
            try:
                context.open()
            except (av.FFmpegError, ValueError):
                continue
            return context
        raise SinkOpenError("No H.264 encoder opens, so browsers are sent motion JPEG.")

    def _context(self, encoder: Encoder) -> VideoCodecContext:
        context = cast(VideoCodecContext, CodecContext.create(encoder.name, "w"))
        context.width, context.height, context.pix_fmt = self.width, self.height, "yuv420p"
        context.time_base, context.framerate = TIME_BASE, Fraction(30)
        context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
        context.colorspace, context.color_range = self._colour.matrix, int(range_code(self._colour))
        context.color_primaries, context.color_trc = self._colour.primaries, self._colour.transfer
        context.options = encoder.options | {"profile": "baseline", "g": _NEVER, "forced-idr": "1", "bf": "0"}
        return context


def _present(encoders: tuple[Encoder, ...]) -> Iterator[Encoder]:
    return (encoder for encoder in encoders if encoder.name in av.codecs_available)


def _kind(frame: Frame) -> tuple[object, ...]:
    return frame.width, frame.height, frame.layout, frame.colour


def _tagged(frame: Frame) -> Colour:
    """The colour as it is sent, with every tag: where one is missing, Chromium reads all as BT.709, the matrix too."""
    large = frame.width >= _HD_WIDTH or frame.height > _HD_HEIGHT
    untagged = Colour(matrix=_BT709 if large else _BT601, primaries=_BT709, transfer=_BT709)
    told = {name: code for name in _TAGS if (code := getattr(frame.colour, name)) != _UNTAGGED}
    return replace(untagged, **told, full_range=bool(frame.colour.full_range))


def _codec_name(unit: bytes) -> str:
    """``avc1.PPCCLL`` of the sequence parameter set in an access unit (RFC 6381); empty where there is none."""
    begin = 0
    while (begin := unit.find(b"\x00\x00\x01", begin) + 3) > 2:
        if unit[begin] & 0x1F == _SPS:
            return f"avc1.{unit[begin + 1 : begin + 4].hex().upper()}"
    return ""
