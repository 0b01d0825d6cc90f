"""The enhanced video in an output container."""

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, cast

import av.filter
from av.codec.context import CodecContext, Flags
from av.codec.hwaccel import HWAccel
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.ffmpeg.picture_buffer import copy, range_code, tag
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sinks.encoding.codec_choice import CodecChoice
from eid_stream.sinks.encoding.hdr_options import hdr_options, lost_facts, stereo_tag
from eid_stream.sinks.encoding.picture_fitting import PictureFitter
from eid_stream.sinks.encoding.time_window import TimeWindow

_CHROMA_LOCATIONS = ("unspecified", "left", "center", "topleft", "top", "bottomleft", "bottom")
_PROGRESSIVE, _TOP_FIRST, _BOTTOM_FIRST = 1, 2, 3
_KEY_FRAME_SECONDS, _OFTEN_SECONDS = 1, Fraction(2, 5)
"""The shorter time where a key frame is what lets the pictures before it be written out for good."""
_MAX_NOMINAL_RATE = 240
_SVT_ERRORS_ONLY = "1"
"""SVT-AV1 prints a page to stderr otherwise, and takes no option against it but this variable."""
_FRAGMENTED_CONTAINERS = ("mp4", "mov")


class VideoTrack:
    """Encodes frames into one stream of a container that has not been started."""

    def __init__(
        self,
        container: OutputContainer,
        info: StreamInfo,
        choice: CodecChoice,
        window: TimeWindow,
        container_format: str = "",
        *,
        in_sections: bool = False,
    ) -> None:
        """Add the stream and open its encoder; ``container_format`` is that of a file, whoever writes it.

        ``in_sections``: whether ``begin_section`` will be called.
        """
        os.environ.setdefault("SVT_LOG", _SVT_ERRORS_ONLY)
        self._written_by_key_frames = container_format in _FRAGMENTED_CONTAINERS
        self._has_one_header = bool(container_format)
        self._time_base = info.time_base
        self._window = window
        self._layout = info.layout
        self._shared = info.live
        """Several outlets of a live run have the same picture in hand, each with a time stamp of its own for it."""
        self._fields = _FieldMarker(info) if info.interlaced else None
        self._fitter = PictureFitter(info, even_sizes=choice.family.even_sizes)
        self._info, self._choice = info, choice
        self._last_dts: int | None = None
        self.stream = self._add(container, info, choice)
        self.stream.metadata.update(stereo_tag(info, container_format))
        self._lost = lost_facts(info, choice.family.name, container_format)
        self._encoder = self.stream.codec_context
        self._describe(info)
        self._set_up(self._encoder)
        if choice.family.name == "hevc" and container_format in _FRAGMENTED_CONTAINERS:
            self.stream.codec_context.codec_tag = "hvc1"
        self._encoder.open()
        if in_sections:  # the stream keeps its encoder to the end, with 120 MiB of pictures at 1080p once it had any
            self._encoder = self._new_encoder()

    @property
    def notes(self) -> list[str]:
        """What of the picture is not written as it is, one sentence each."""
        size = f"{self._fitter.width}x{self._fitter.height}"
        widened = f"The codec needs even sizes: the picture is widened to {size} by repeating its edge."
        return [*([widened] if self._fitter.widened else []), *self._lost]

    def encode(self, frame: Frame) -> "list[Packet[Stream]]":
        """Give one frame to the encoder and take what it has ready."""
        picture = self._fitter.fit(self._picture(frame), frame.colour)
        pts = self._window.ticks(frame.seconds, self._time_base)
        tag(picture, frame.colour, pts=pts, time_base=self._time_base)
        picture.duration = frame.duration
        picture.pict_type = PictureType.NONE
        return self._placed(self._encoder.encode(self._fields.mark(picture) if self._fields else picture))

    def flush(self) -> "list[Packet[Stream]]":
        """Take everything the encoder still holds."""
        return self._placed(self._encoder.encode(None))

    def begin_section(self) -> "list[Packet[Stream]]":
        """Take everything the encoder still holds, and go on with a new one: what follows depends on nothing before."""
        packets = self.flush()
        del self._encoder  # before there is another
        self._encoder = self._new_encoder()
        return packets

    def taken_over(self, content: bytes, pts: int, dts: int, duration: int) -> "Packet[Stream]":
        """A packet as an encoder of an earlier run gave it; ``begin_section`` has to follow the last one."""
        packet: Packet[Stream] = Packet(content)
        packet.pts, packet.dts, packet.duration, packet.time_base = pts, dts, duration, self._time_base
        return self._placed([packet])[0]

    def seconds_of(self, packet: "Packet[Stream]") -> Fraction:
        """The time on the source's clock of a packet that was not written yet."""
        return self._window.origin + (packet.pts or 0) * self._time_base

    def _placed(self, packets: "Sequence[Packet[Any]]") -> "list[Packet[Stream]]":
        """Decoding times only rise: those of a new encoder may begin before the last one's where the rate varies."""
        for packet in packets:
            packet.stream = self.stream
            if self._last_dts is not None and packet.dts is not None and packet.dts <= self._last_dts:
                packet.dts = self._last_dts + 1
            self._last_dts = packet.dts
        return list(packets)

    def _new_encoder(self) -> VideoCodecContext:
        choice, stream = self._choice, self.stream
        name, device = choice.encoder or choice.family.encoder, choice.device
        encoder = cast(VideoCodecContext, CodecContext.create(name, "w", hwaccel=HWAccel(device) if device else None))
        encoder.width, encoder.height, encoder.pix_fmt = stream.width, stream.height, stream.pix_fmt
        encoder.framerate, encoder.time_base = _nominal_rate(self._info), self._time_base
        encoder.options = _options(self._info, choice)
        self._set_up(encoder)
        encoder.open()
        return encoder

    def _picture(self, frame: Frame) -> VideoFrame:
        buffer = frame.buffer
        if isinstance(buffer, VideoFrame) and buffer.format.name == self._layout.name and not self._shared:
            return buffer
        return copy(frame.planes, frame.layout)

    def _add(self, container: OutputContainer, info: StreamInfo, choice: CodecChoice) -> VideoStream:
        stream = container.add_stream(
            choice.encoder or choice.family.encoder,
            rate=_nominal_rate(info),
            options=_options(info, choice),
            width=self._fitter.width,
            height=self._fitter.height,
            pix_fmt=choice.sent_as or info.layout.name,
            time_base=info.time_base,
            hwaccel=HWAccel(choice.device) if choice.device else None,
        )
        return cast(VideoStream, stream)

    def _describe(self, info: StreamInfo) -> None:
        stream = self.stream
        stream.time_base = info.time_base
        if info.display_matrix:
            stream.set_display_matrix(info.display_matrix)
        elif info.rotation:
            stream.set_display_rotation(info.rotation)

    def _set_up(self, context: VideoCodecContext) -> None:
        info = self._info
        context.sample_aspect_ratio = info.sample_aspect or Fraction(0, 1)
        context.colorspace, context.color_range = info.colour.matrix, int(range_code(info.colour))
        context.color_primaries, context.color_trc = info.colour.primaries, info.colour.transfer
        context.flags |= Flags.frame_duration
        if self._has_one_header:
            context.flags |= Flags.global_header
        seconds = _OFTEN_SECONDS if self._written_by_key_frames else _KEY_FRAME_SECONDS
        context.gop_size = max(1, round(seconds * (info.nominal_rate or 25)))
        if info.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            context.field_order = _TOP_FIRST if info.top_field_first else _BOTTOM_FIRST


class _FieldMarker:
    """Marks pictures as interlaced; PyAV cannot, but FFmpeg's filter can, without copying."""

    def __init__(self, info: StreamInfo) -> None:
        mode = "tff" if info.top_field_first else "bff"
        self._graph = av.filter.Graph()
        source = self._graph.add_buffer(
            width=info.width, height=info.height, format=VideoFormat(info.layout.name), time_base=info.time_base
        )
        marker, sink = self._graph.add("setfield", f"mode={mode}"), self._graph.add("buffersink")
        source.link_to(marker)
        marker.link_to(sink)
        self._graph.configure()

    def mark(self, picture: VideoFrame) -> VideoFrame:
        self._graph.vpush(picture)
        return self._graph.vpull()


def _nominal_rate(info: StreamInfo) -> Fraction:
    return min(info.nominal_rate or Fraction(25), Fraction(_MAX_NOMINAL_RATE))


def _options(info: StreamInfo, choice: CodecChoice) -> dict[str, str]:
    options = dict(choice.options)
    for name, told in hdr_options(info, choice.family.name).items():
        options[name] = f"{options[name]}:{told}" if name in options else told
    if info.colour.chroma_location:
        options["chroma_sample_location"] = _CHROMA_LOCATIONS[info.colour.chroma_location]
    return options
