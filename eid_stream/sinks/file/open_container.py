"""An output container while it is open: the encoded picture, and what is copied beside it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from eid_stream.core.frame import StreamInfo
from eid_stream.sinks.encoding.codec_choice import CodecChoice
from eid_stream.sinks.encoding.container_choice import ContainerChoice, rounding_note
from eid_stream.sinks.encoding.time_window import clock_note, window_of
from eid_stream.sinks.encoding.video_track import VideoTrack
from eid_stream.sinks.file.packet_writer import PacketWriter, is_refusal
from eid_stream.sinks.file.side.carrying import open_output
from eid_stream.sinks.file.side.chapters import chapters_of
from eid_stream.sinks.file.side.source_copy import Reopenable, SourceCopy


class OpenContainer:
    """Takes packets of the picture and copies everything else up to their time. Closed once."""

    def __init__(
        self,
        path: Path,
        container: ContainerChoice,
        info: StreamInfo,
        codec: CodecChoice,
        *,
        source: Reopenable | None,
        copy_pictures: bool,
        start: Fraction | None,
        duration: Fraction | None,
        keep_clock: bool,
        tags: Mapping[str, str],
        in_sections: bool = False,
    ) -> None:
        """Open ``path``, ready for the first packet; ``source`` is the file that all but the picture is copied from.

        Raises:
            ConfigError: a setting does not fit the picture.
            av.FFmpegError, ValueError: FFmpeg refuses the file or its picture.
        """
        self._copy = None
        if source is not None:
            self._copy = SourceCopy(source, container, picture=info.stream_index, copy_pictures=copy_pictures)
        unlisted = self._copy is not None and self._copy.unlisted
        self._container: OutputContainer = open_output(path, container, unlisted=unlisted)
        self._writer = PacketWriter(self._container)
        delays_are_meant = self._copy is not None and self._copy.has_edit_lists
        window = window_of(
            info.start_seconds, start, duration, keep_clock=keep_clock, delays_are_meant=delays_are_meant
        )
        self._clock_notes = (rounding_note(container, info), clock_note(window))
        make_video = partial(
            VideoTrack, self._container, info, codec, window, container.format, in_sections=in_sections
        )
        self.video: VideoTrack = (
            make_video()
            if self._copy is None
            else self._copy.arrange(self._container, self._writer, window, info, make_video)
        )
        self._container.metadata.update(tags)

    @property
    def notes(self) -> list[str]:
        """What is not kept as it was, one sentence each; some are empty."""
        return [*self.video.notes, *self._clock_notes, *(self._copy.notes if self._copy else [])]

    @property
    def left_out(self) -> int:
        """Packets of sound, subtitles or data that were damaged or refused; complete when closed."""
        return (self._copy.unusable_packets if self._copy else 0) + self._writer.refused

    @property
    def missing_pictures(self) -> int:
        """Pictures that the container refused; complete when closed."""
        return self._writer.missing_pictures

    def write(self, packets: "Iterable[Packet[Stream]]") -> None:
        """Packets of the picture, in order."""
        for packet in packets:
            self._writer.write_video(packet)

    def copy_until(self, seconds: Fraction) -> None:
        """Everything else up to a time of the source."""
        if self._copy:
            self._copy.copy_until(seconds)

    def copy_tail(self, reached: Fraction, *, source_has_ended: bool) -> None:
        """What sounds on after the last frame, if the source ended there; otherwise up to ``reached``."""
        if self._copy is None:
            return
        if source_has_ended:
            self._copy.copy_rest()
        else:
            self._copy.copy_until(reached)
            self._copy.flush()

    def set_chapters(self, bookmarks: list[tuple[Fraction, str]], reached: Fraction) -> None:
        """In place of the source's."""
        self._container.set_chapters(chapters_of(bookmarks, reached))

    def close(self) -> None:
        """Finish the file; what the container refuses only now is counted like what it refused before."""
        try:
            self._container.close()
        except av.FFmpegError as error:
            if not is_refusal(error):
                raise
            self._writer.refused += 1

    def abandon(self) -> None:
        """Close as far as that goes: the file cannot grow any further."""
        with suppress(av.FFmpegError, OSError, ValueError):
            self._container.close()

    def release_source(self) -> None:
        """Close the file that was copied from; may be called twice."""
        if self._copy:
            self._copy.close()
