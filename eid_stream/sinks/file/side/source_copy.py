"""What an output takes over from the file its video comes from: streams, chapters, tags."""

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

from av.container import InputContainer, OutputContainer

from eid_stream.core.frame import StreamInfo
from eid_stream.sinks.encoding.container_choice import ContainerChoice
from eid_stream.sinks.encoding.time_window import TimeWindow
from eid_stream.sinks.encoding.video_track import VideoTrack
from eid_stream.sinks.file.packet_writer import PacketWriter
from eid_stream.sinks.file.side.chapters import cut_chapters
from eid_stream.sinks.file.side.copying_plan import plan_copying
from eid_stream.sinks.file.side.kept_metadata import kept_of_file, kept_of_stream
from eid_stream.sinks.file.side.side_streams import SideStreams
from eid_stream.sinks.file.side.timecode import later

_TIMECODE = "timecode"


class Reopenable(Protocol):
    """A source that can be opened again beside whoever reads its picture."""

    @property
    def can_go_back(self) -> bool:
        """Whether it can be read at any place; a pipe cannot."""
        ...

    def open(self) -> InputContainer:
        """Open it at its beginning."""
        ...

    def finish(self, container: InputContainer) -> None:
        """Close what ``open`` returned."""
        ...


class SourceCopy:
    """Reads the source a second time, for everything but its video."""

    def __init__(
        self, source: Reopenable, choice: ContainerChoice, *, picture: int, copy_pictures: bool = True
    ) -> None:
        """Open the source and find out what the container can carry of it; ``picture`` is the number of its video.

        ``copy_pictures``: whether further videos and covers are taken along as they are.
        """
        self._input = source
        rehearsal = source.open()
        try:
            self._plan = plan_copying(rehearsal, choice, picture=picture, copy_pictures=copy_pictures)
        finally:
            source.finish(rehearsal)
        self._source = source.open()
        self._format = self._source.format.name
        self._is_open = True
        self._lost_chapters = self._plan.unlisted and bool(self._source.chapters())

    @property
    def unlisted(self) -> bool:
        """Whether the output's writer has to be reached around the list of what it is known to take."""
        return self._plan.unlisted

    @property
    def has_edit_lists(self) -> bool:
        """Whether the source says on purpose when its streams begin, so that a delay is part of it."""
        return "mov" in self._format.split(",")

    @property
    def notes(self) -> list[str]:
        """What cannot be taken over, one sentence each."""
        chapters = "Chapters are left out: beside sound of this kind, Matroska's writer does not take them."
        return [*self._sides.notes, *([chapters] if self._lost_chapters else [])]

    @property
    def unusable_packets(self) -> int:
        """Damaged packets of sound and the like that are left out."""
        return self._sides.unusable_packets

    def arrange(
        self,
        target: OutputContainer,
        writer: PacketWriter,
        window: TimeWindow,
        info: StreamInfo,
        make_video: Callable[[], VideoTrack],
    ) -> VideoTrack:
        """Lay out the output's streams in the source's order, its chapters and tags; return the track of the video."""
        can_go_back = self._input.can_go_back
        self._sides = SideStreams(self._source, target, writer, self._plan, window, can_go_back=can_go_back)
        target.metadata.update(_at(window, info, kept_of_file(self._source.metadata)))
        target.set_chapters(cut_chapters(self._source.chapters(), window))
        video: VideoTrack | None = None
        for stream in self._source.streams:
            if stream.index == info.stream_index:
                video = make_video()
                video.stream.metadata.update(_at(window, info, kept_of_stream(stream.metadata)))
                video.stream.disposition = stream.disposition
            else:
                self._sides.add(stream)
        if self._sides.is_empty:
            self.close()
        return video or make_video()

    def copy_until(self, seconds: Fraction) -> None:
        """Write every packet up to a time on the source's clock."""
        if self._is_open:
            self._sides.copy_until(seconds)

    def copy_rest(self) -> None:
        """Write every packet up to the end of the window or the file."""
        if self._is_open:
            self._sides.copy_rest()

    def flush(self) -> None:
        """Write what is still held back."""
        if self._is_open:
            self._sides.flush()

    def close(self) -> None:
        """Close the source; may be called twice."""
        is_open, self._is_open = self._is_open, False
        if is_open:
            self._input.finish(self._source)


def _at(window: TimeWindow, info: StreamInfo, tags: dict[str, str]) -> dict[str, str]:
    """Tags of the whole file as they are at the beginning of the window."""
    if _TIMECODE in tags and window.begin is not None and info.nominal_rate:
        passed = window.begin - info.start_seconds
        tags[_TIMECODE] = later(tags[_TIMECODE], passed, info.nominal_rate)
    return tags
