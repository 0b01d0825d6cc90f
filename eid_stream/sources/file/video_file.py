"""A video file as a source of frames."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from threading import Lock

from av.codec.context import ThreadType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from eid_stream.core.errors import SourceOpenError
from eid_stream.core.ffmpeg.picture_buffer import LayoutConverter, colour_of, view
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sources.damage import Damage
from eid_stream.sources.file.frame_clock import FrameClock
from eid_stream.sources.file.opening.device_decoder import SOFTWARE, open_for_decoding
from eid_stream.sources.file.opening.largest_picture import largest_picture
from eid_stream.sources.file.opening.media_input import open_input
from eid_stream.sources.file.opening.memory_need import refuse_too_large
from eid_stream.sources.file.opening.open_file import pick_video
from eid_stream.sources.file.picture_decoding import PictureDecoder
from eid_stream.sources.file.seeking import pictures_from
from eid_stream.sources.file.side_data import lost_side_data, side_data_of
from eid_stream.sources.file.stream_facts import (
    announced_end,
    chroma_location,
    describe,
    has_no_clock,
    simplifications,
    start_seconds,
)

_END_TOLERANCE_SECONDS = Fraction(1, 10)
_MOST_THREADS = 16
"""Of the decoder, which has one for every core. FFmpeg by itself takes one more, and each holds a picture."""


class VideoFileSource:
    """Reads a file that FFmpeg can read: every frame of its default video stream once, in order, with its own time.

    A window is cut exactly by presentation time, counted from where the file's clock begins: frames with
    ``start <= time < start + duration``. ``info.duration_seconds`` and ``info.frame_count`` speak of the window.
    All frames have the layout of the first; a change of size in the middle shows in ``frame.width`` and ``height``.
    Damaged places are concealed or skipped and counted in ``damage``, which is complete once the iteration ended; a
    file that ends earlier than it announces is read to its end and counted as truncated.

    What comes through a pipe may also be watched ``as_it_comes``: a live source, whose frames are captured when their
    bytes came.
    """

    def __init__(
        self,
        address: str,
        *,
        start_seconds: Fraction | None = None,
        duration_seconds: Fraction | None = None,
        decoder: str = SOFTWARE,
        as_it_comes: bool = False,
    ) -> None:
        """Open the file and decode its first frame, on a device where ``decoder`` names one that works.

        Raises:
            ConfigError: there is no such decoder.
            SourceOpenError: the file is missing, is no video, is damaged beyond reading, or has nothing in the window.
        """
        self.damage = Damage()
        self.start_seconds, self.duration_seconds = start_seconds, duration_seconds
        self.skip_frames = 0
        """So many frames are read and not handed out, because an earlier run has done with them."""
        self.has_ended = False
        """Whether the iteration came to the natural end of the file or the window."""
        self._closed = False
        self._pictures: Iterator[VideoFrame] = iter(())
        self._lock = Lock()
        self.input = open_input(address)
        """What is read, for whoever wants to read it beside this source."""
        self._label = self.input.label
        self._live = as_it_comes and self.input.path is None
        self._container, self._decoded = open_for_decoding(self.input, decoder)
        self._container_kinds = self._container.format.name.split(",")
        try:
            self._open(start_seconds or Fraction(0), duration_seconds)
        except BaseException:
            self._container.close()
            raise

    @property
    def info(self) -> StreamInfo:
        """What is known before the first frame."""
        return self._info

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; may be called once.

        Raises:
            SourceReadError: the file cannot be read any further.
        """
        index = 0
        self.input.begin()
        while (picture := self._next_picture()) is not None:
            frame = self._frame(picture, index)
            if self._end is not None and frame.seconds >= self._end:
                self.has_ended = True
                return
            self.damage.concealed_frames += picture.is_corrupt
            self.damage.other_sizes += self._grown != (picture.width, picture.height)
            if index >= self.skip_frames:
                yield frame
            del picture, frame
            index += 1
        self.has_ended = not self._closed
        self._note_missing_end()

    def close(self) -> None:
        """End the iteration and close the file; may be called twice and from any thread."""
        self.input.close()
        with self._lock:
            self._closed = True
            self._pictures = iter(())  # FFmpeg's decoder, its threads and pictures go with the last that holds it
            self._container.close()

    def _open(self, start: Fraction, duration: Fraction | None) -> None:
        stream = pick_video(self._container, self._label)
        stream.thread_type = ThreadType.SLICE if self._live else ThreadType.AUTO  # frame threads hold frames back
        stream.codec_context.thread_count = min(os.cpu_count() or 1, _MOST_THREADS)
        _refuse_too_large(stream, self._label)
        location = chroma_location(self._container, stream)
        origin = start_seconds(self._container)
        self.begins_seconds = origin + start
        """Presentation time at which the window begins."""
        self._end = None if duration is None else origin + start + duration
        self._announced_end = announced_end(self._container, self.input.path) if self.input.path else None
        self._decoder = PictureDecoder(self._container, stream, self.damage, address=self._label)
        pictures = self._pictures_from(origin + start, stream) if start else iter(self._decoder)
        first = next(pictures, None)
        if first is None:
            raise SourceOpenError(self._nothing_there(start))
        self._pictures = chain((first,), pictures)
        self._grown = largest_picture(self.input, stream.index, first, self._container_kinds)
        info = describe(self._container, stream, first, address=self._label, chroma_location=location)
        info = replace(info, width=self._grown[0], height=self._grown[1], live=self._live)
        self._info = _within_window(info, start, duration)
        self.notes = self._noted(first)
        """What of the video is not processed as it is, one sentence each."""
        self._converter = LayoutConverter(info.layout)
        self._clock = FrameClock(
            time_base=info.time_base,
            nominal_rate=info.nominal_rate,
            damage=self.damage,
            has_no_clock=has_no_clock(self._container),
        )

    def _noted(self, first: VideoFrame) -> list[str]:
        told = [self._decoded] if self._decoded else []
        told += [*simplifications(first, self._info.layout), *lost_side_data(side_data_of(first))]
        if has_no_clock(self._container):
            told.append(f"The file holds no times: {float(self._info.nominal_rate or 25):g} frames a second are taken.")
        if self._grown != (first.width, first.height):
            width, height = self._grown
            told.append(f"The picture grows to {width}x{height}: smaller ones are scaled up to that.")
        return told

    def _pictures_from(self, begin: Fraction, stream: VideoStream) -> Iterator[VideoFrame]:
        can_go_back = self.input.path is not None
        return pictures_from(begin, self._container, stream, self._decoder, can_go_back=can_go_back)

    def _nothing_there(self, start: Fraction) -> str:
        if not start:
            return f"{self._label} holds no picture that can be decoded. The file is damaged."
        return f"{self._label} holds no picture at or after {float(start):.3f} s. Give an earlier start."

    def _next_picture(self) -> VideoFrame | None:
        with self._lock:
            return None if self._closed else next(self._pictures, None)

    def _frame(self, picture: VideoFrame, index: int) -> Frame:
        colour = colour_of(picture, chroma_location=self._info.colour.chroma_location)
        pts = self._clock.stamp(picture)
        buffer = self._converter.convert(picture)
        return Frame(
            planes=view(buffer),
            layout=self._info.layout,
            colour=colour,
            pts=pts,
            time_base=self._info.time_base,
            index=index,
            captured_ns=self._decoder.arrived_ns if self._live else time.monotonic_ns(),
            duration=picture.duration,
            interlaced=picture.interlaced_frame,
            top_field_first=picture.interlaced_frame and self._info.top_field_first,
            buffer=buffer,
        )

    def _note_missing_end(self) -> None:
        self.damage.clock_restarts = joins = self._decoder.clock_restarts
        may_vary = bool({"mov", "matroska"} & set(self._container_kinds))
        self.damage.missing_frames = self._clock.rate.missing_frames(may_vary=may_vary, joins=joins)
        if self._announced_end is None or not self.has_ended:
            return
        missing = self._announced_end - self._decoder.reached_seconds
        if missing > _END_TOLERANCE_SECONDS:
            self.damage.missing_seconds = missing


def _refuse_too_large(stream: VideoStream, label: str) -> None:
    context = stream.codec_context
    if context.format is not None:
        picture_bytes = context.width * context.height * context.format.padded_bits_per_pixel // 8
        refuse_too_large(label, context.width, context.height, picture_bytes)


def _within_window(info: StreamInfo, start: Fraction, duration: Fraction | None) -> StreamInfo:
    """Say of the window what ``info`` says of the whole file."""
    if info.duration_seconds is None or not (start or duration is not None):
        return info
    left = max(0.0, info.duration_seconds - float(start))
    seconds = left if duration is None else min(left, float(duration))
    share = seconds / info.duration_seconds if info.duration_seconds else 0.0
    count = None if info.frame_count is None else round(info.frame_count * share)
    return replace(info, duration_seconds=seconds, frame_count=count)
