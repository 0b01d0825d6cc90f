"""Keeps beside a growing file what a later run needs to go on with it, section by section."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from av.packet import Packet
from av.stream import Stream

from eid_stream.core.errors import SinkOpenError
from eid_stream.core.frame import Frame
from eid_stream.sinks.encoding.video_track import VideoTrack
from eid_stream.sinks.file.resuming.earlier_part import clear_aside, find_earlier, resume_path
from eid_stream.sinks.file.resuming.resume_file import Checkpoint, ResumeFile


class SectionKeeper:
    """Of one output file. Everything before the checkpoint of an earlier run is taken over without encoding it again.

    The encoder begins anew with every section, in every run, so that a file that was gone on with is the same as one
    that was not interrupted, packet by packet.
    """

    def __init__(self, out: Path, key: str) -> None:
        """Look for an earlier run to ``out``; ``key`` says of what the file is made, and how."""
        self._out = out
        self._earlier = find_earlier(out, key)
        known = None if self._earlier is None else self._earlier.known
        self._stored = ResumeFile(resume_path(out), key, [] if known is None else list(known.checkpoints))
        self._works, self._has_begun = True, False

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where this run goes on; None: at the beginning."""
        return None if self._earlier is None else self._earlier.checkpoint

    def begin_anew(self) -> None:
        """Make nothing of what the earlier run has stored: it is damaged, or of another version."""
        if self._earlier is not None:
            self._earlier = replace(self._earlier, checkpoint=None)

    def make_room(self) -> None:
        """Before the new file is made: move the earlier one out of its way.

        Raises:
            SinkOpenError: that cannot be done.
        """
        if self._earlier is not None:
            self._earlier.move_aside()
        if self.checkpoint is None and not os.path.exists(f"{self._out}.part"):  # noqa: PTH110 - Path.exists raises where a name is too long
            self._begin_storing()  # before there is a file: a kill must never leave one that nobody knows

    def begin(self) -> None:
        """The new file has been made, and is ours."""
        checkpoint = self.checkpoint
        if checkpoint is not None:
            self._stored.checkpoints = [one for one in self._stored.checkpoints if one.frames <= checkpoint.frames]
        elif not self._has_begun:
            self._begin_storing()

    def give_up(self) -> None:
        """There will be no file."""
        if self._has_begun:
            self._stored.forget()

    def _begin_storing(self) -> None:
        self._has_begun = True
        self._stored.checkpoints = []
        with suppress(OSError):  # a file that cannot be gone on with is better than none
            self._stored.write(at_once=False)  # a disk may take a tenth of a second, and nothing is lost yet
        clear_aside(self._out)

    def take_over(self, video: VideoTrack, write: "Callable[[Packet[Stream]], None]") -> None:
        """Write what the earlier run encoded.

        Raises:
            SinkOpenError: it cannot be read any more.
            OSError: the file cannot grow.
        """
        earlier = self._earlier
        if earlier is None or earlier.checkpoint is None:
            return
        for (content, is_key_frame), times in zip(earlier.packets(), earlier.times, strict=False):
            packet = video.taken_over(content, *times)
            packet.is_keyframe = is_key_frame
            self.note([packet])
            write(packet)
        if len(self._stored.times) != earlier.checkpoint.frames:
            raise SinkOpenError(f"{earlier.held_by} could be read before, and cannot now. Run the command again.")
        video.begin_section()

    def note(self, packets: "Iterable[Packet[Stream]]") -> None:
        """Remember the times of packets of the picture, in the order in which they are written."""
        self._stored.times += [(packet.pts or 0, packet.dts or 0, packet.duration or 0) for packet in packets]

    def add(self, frame: Frame, *, frames: int, reached: Fraction) -> None:
        """Keep a checkpoint: ``frame`` begins a section, after so many frames, all of which are encoded."""
        assert frame.section is not None
        if len(self._stored.times) != frames:  # an encoder that gives other than a packet a frame
            self._works = False
            self._stored.forget()
        if not self._works:
            return
        with suppress(OSError):  # without it, a later run begins a section earlier
            self._stored.add(Checkpoint(frames, frame.seconds, reached, frame.section.states))
            if self._earlier is not None:
                self._earlier.forget()

    def forget(self) -> None:
        """The file is finished, or there is none: nothing is to be gone on with."""
        clear_aside(self._out)
        self._stored.forget()
