"""Recording frames to a file, together with everything else that the source file holds."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from eid_stream.core.errors import SinkOpenError, SinkWriteError
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.sinks.encoding.codec_choice import choose_codec
from eid_stream.sinks.encoding.container_choice import choose_container, encoders_of
from eid_stream.sinks.encoding.device_encoder import SOFTWARE, on_device
from eid_stream.sinks.file.input_again import FileAgain, file_of
from eid_stream.sinks.file.open_container import OpenContainer
from eid_stream.sinks.file.part_file import OutputFile
from eid_stream.sinks.file.resuming.section_keeper import SectionKeeper
from eid_stream.sinks.file.side.source_copy import Reopenable
from eid_stream.sinks.file.tag_in_place import replace_tag


class Recorder:
    """Encodes frames into ``PATH.part`` and gives the finished file its name when ``publish`` is called.

    Each frame keeps its time stamp; size, layout, colour tags, sample aspect, rotation and interlacing are those of
    ``info``. With ``copy_from``, all other streams, chapters and tags of that file are copied, cut to the window.
    About every second is written out for good, so that an interrupted file plays.
    """

    def __init__(
        self,
        path: Path,
        info: StreamInfo,
        *,
        copy_from: Path | Reopenable | None = None,
        start_seconds: Fraction | None = None,
        duration_seconds: Fraction | None = None,
        source_has_ended: Callable[[], bool] = lambda: True,
        codec: str | None = None,
        quality: float | None = None,
        preset: str | None = None,
        encoder: str = SOFTWARE,
        tags: Mapping[str, str] | None = None,
        overwrite: bool = False,
        keep_clock: bool = False,
        copy_pictures: bool = True,
        sections: SectionKeeper | None = None,
    ) -> None:
        """Open the output, ready for the first frame.

        The window is counted like the source's, from where its clock begins, and becomes time zero of the output.
        ``source_has_ended`` is asked on closing: what sounds on after the last frame is copied only if it is true.
        The output begins at time zero wherever the source's clock does, unless ``keep_clock``; a delay that an edit
        list sets is kept. ``quality`` is the encoder's constant rate factor, lower is better; ``tags`` are added to the
        file's own. ``encoder`` is that of ``on_device``. Without ``copy_pictures``, further videos and covers of
        ``copy_from`` are left out. ``sections`` lets a later run go on with the file, and
        this one with that of an earlier run.

        Raises:
            ConfigError: the extension, codec, quality or preset is unknown or does not fit the picture.
            SinkOpenError: the output cannot be created, would replace something, or is the input.
        """
        container = choose_container(path)
        chosen = choose_codec(
            codec=codec, quality=quality, preset=preset, info=info, container_codecs=encoders_of(container)
        )
        self._codec = on_device(chosen, encoder, info)
        self._source_has_ended = source_has_ended
        self._reached = Fraction(0)
        self._frames = 0
        self._bookmarks: list[tuple[Fraction, str]] = []
        self._closed = self._failed = False
        self.is_published = False
        """Whether the file is finished and has its name."""
        self._sections = sections
        if sections:
            sections.make_room()
        try:
            self._file = OutputFile(path, source=file_of(copy_from, info), overwrite=overwrite)
        except BaseException:
            self._give_up()
            raise
        try:
            self._open = OpenContainer(
                self.part, container, info, self._codec,
                source=FileAgain(copy_from) if isinstance(copy_from, Path) else copy_from,
                copy_pictures=copy_pictures, start=start_seconds, duration=duration_seconds,
                keep_clock=keep_clock, tags=tags or {}, in_sections=sections is not None,
            )  # fmt: skip
            self._take_over()
        except (av.FFmpegError, ValueError) as error:
            self._file.discard()
            self._give_up()
            raise SinkOpenError(f"Cannot write {path}: {error}. Try another codec, or .mkv.") from error
        except BaseException:
            self._file.discard()
            self._give_up()
            raise

    @property
    def path(self) -> Path:
        """Where the finished file will be."""
        return self._file.path

    @property
    def part(self) -> Path:
        """Where the file is until then."""
        return self._file.part

    @property
    def _goes_on_at(self) -> str:
        """One sentence where this run goes on with the file of an earlier one; empty otherwise."""
        checkpoint = None if self._sections is None else self._sections.checkpoint
        return "" if checkpoint is None else f"Goes on after frame {checkpoint.frames}, where an earlier run ended."

    @property
    def notes(self) -> list[str]:
        """What the output does not keep as it was, one sentence each, known before the first frame."""
        return [note for note in (self._goes_on_at, self._codec.note, *self._open.notes) if note]

    @property
    def damage(self) -> list[str]:
        """What was damaged beside the picture, one sentence each; complete when the recorder is closed."""
        count = self._open.left_out
        return [f"Damaged packets of sound, subtitles or data that were left out: {count}."] if count else []

    @property
    def left_behind(self) -> Path | None:
        """The unfinished file, if there is one and it holds a picture; to be asked when the recorder is closed."""
        return self.part if self._file.is_kept() else None

    def write(self, frame: Frame) -> None:
        """Encode one frame and copy everything else up to its time; the frame's planes are only read.

        Raises:
            SinkWriteError: the file cannot grow any further, for example because the disk is full.
        """
        if self._failed:
            raise SinkWriteError(f"{self.part} could not be written any further.")
        try:
            if frame.section and self._sections:
                self._mux(self._open.video.begin_section())
                self._sections.add(frame, frames=self._frames, reached=self._reached)
            self._mux(self._open.video.encode(frame))
            self._reached = frame.seconds + frame.duration * frame.time_base
            self._frames += 1
            self._open.copy_until(frame.seconds)
        except (av.FFmpegError, OSError, ValueError) as error:
            self._failed = True
            self._open.abandon()
            raise self._file.failure(error) from error

    def add_chapter(self, seconds: Fraction, title: str) -> None:
        """Begin a chapter at a time of the output; they are written at the end, in place of the source's."""
        self._bookmarks.append((seconds, title))

    def close(self) -> None:
        """Finish the ``.part`` file; without a single frame it is removed. May be called twice.

        Raises:
            SinkWriteError: it could not be finished; what was written so far is kept.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._finish()
        except (av.FFmpegError, OSError, ValueError) as error:
            if not self._failed:
                self._failed = True
                raise self._file.failure(error) from error
        finally:
            self._open.release_source()
            self._file.release()

    def replace_tag(self, before: str, after: str) -> None:
        """Close, and change what the file says of itself; ``after`` is not longer than ``before``.

        Raises:
            SinkWriteError: it could not be finished, or cannot be written to.
        """
        self.close()
        try:
            replace_tag(self.part, before, after)
        except OSError as error:
            raise self._file.failure(error) from error

    def publish(self) -> None:
        """Close, and give the file its name.

        Raises:
            SinkWriteError: nothing was written, it could not be finished, or it cannot be renamed.
        """
        self.close()
        if self._failed or not self._frames:
            raise SinkWriteError(f"{self.path} was not written completely and does not get its name.")
        self._file.publish()
        self.is_published = True
        if self._sections:
            self._sections.forget()

    def _give_up(self) -> None:
        if self._sections:
            self._sections.give_up()

    def _take_over(self) -> None:
        if self._sections is None:
            return
        self._sections.begin()
        self._sections.take_over(self._open.video, self._write_again)
        if (checkpoint := self._sections.checkpoint) is not None:
            self._frames, self._reached = checkpoint.frames, checkpoint.reached

    def _write_again(self, packet: "Packet[Stream]") -> None:
        seconds = self._open.video.seconds_of(packet)
        self._open.write([packet])
        self._open.copy_until(seconds)

    def _mux(self, packets: "list[Packet[Stream]]") -> None:
        if self._sections:
            self._sections.note(packets)
        self._open.write(packets)

    def _finish(self) -> None:
        if not self._frames:
            self._file.discard()
            if self._sections:
                self._sections.forget()
            return
        try:
            if not self._failed:
                self._mux(self._open.video.flush())
                self._open.copy_tail(self._reached, source_has_ended=self._source_has_ended())
                if self._bookmarks:
                    self._open.set_chapters(self._bookmarks, self._reached)
        finally:
            self._open.close()
        self._file.settle()
        if self._open.missing_pictures:
            raise ValueError(f"{self._open.missing_pictures} pictures were refused by the container")
