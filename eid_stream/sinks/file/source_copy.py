"""What an output takes over from the file its video comes from: streams, chapters, tags."""

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer, OutputContainer
from av.format import Flags

from eid_stream.core.frame import StreamInfo
from eid_stream.core.media_formats import FILE_FORMATS, FILE_PROTOCOLS
from eid_stream.core.pyav_versions import READABLE_METADATA
from eid_stream.sinks.encoding.codec_choice import CodecChoice
from eid_stream.sinks.encoding.container_choice import ContainerChoice
from eid_stream.sinks.encoding.time_window import TimeWindow
from eid_stream.sinks.encoding.video_track import VideoTrack
from eid_stream.sinks.file.chapters import cut_chapters
from eid_stream.sinks.file.kept_metadata import kept_of_file, kept_of_stream
from eid_stream.sinks.file.side_streams import SideStreams


class SourceCopy:
    """Reads the source file a second time, for everything but its video."""

    def __init__(self, path: Path, target: OutputContainer, choice: ContainerChoice) -> None:
        """Open the source."""
        allowed = {"protocol_whitelist": FILE_PROTOCOLS, "format_whitelist": FILE_FORMATS}
        self._source: InputContainer = av.open(f"file:{path}", "r", container_options=allowed, **READABLE_METADATA)
        self._target = target
        self._choice = choice

    @property
    def clock_is_arbitrary(self) -> bool:
        """Whether the file's time begins anywhere, as in broadcast formats."""
        return bool(self._source.format.flags & cast(int, Flags.ts_discont.value))

    @property
    def notes(self) -> list[str]:
        """What cannot be taken over, one sentence each."""
        return self._sides.notes

    @property
    def unusable_packets(self) -> int:
        """Damaged packets of sound and the like that are left out."""
        return self._sides.unusable_packets

    def arrange(self, window: TimeWindow, info: StreamInfo, codec: CodecChoice) -> VideoTrack:
        """Lay out the output's streams in the source's order, its chapters and tags; return the track of the video."""
        self._sides = SideStreams(self._source, self._target, self._choice, window)
        self._target.metadata.update(kept_of_file(self._source.metadata))
        self._target.set_chapters(cut_chapters(self._source.chapters(), window))
        video: VideoTrack | None = None
        for stream in self._source.streams:
            if stream.index == info.stream_index:
                video = VideoTrack(self._target, info, codec, window)
                video.stream.metadata.update(kept_of_stream(stream.metadata))
                video.stream.disposition = stream.disposition
                self._sides.skip(stream)
            else:
                self._sides.add(stream)
        return video or VideoTrack(self._target, info, codec, window)

    def copy_until(self, seconds: Fraction) -> None:
        """Write every packet up to a time on the source's clock."""
        self._sides.copy_until(seconds)

    def copy_rest(self) -> None:
        """Write every packet up to the end of the window or the file."""
        self._sides.copy_rest()

    def close(self) -> None:
        """Close the source."""
        self._source.close()
