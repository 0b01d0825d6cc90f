"""From options to the outlets of a live run: recordings, streams, the virtual camera."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import IO, cast

from eid_stream.app.ending.run_ending import Ending
from eid_stream.app.options.live_options import LiveOptions
from eid_stream.app.options.run_options import NULL_ADDRESS, Options
from eid_stream.app.wiring.segment_marks import SegmentMarks
from eid_stream.core.errors import ConfigError, SinkOpenError
from eid_stream.core.frame import Frame, StreamInfo
from eid_stream.core.host.redaction import redacted
from eid_stream.core.interfaces import Sink
from eid_stream.flow.outlet import Outlet
from eid_stream.sinks.encoding.container_choice import choose_container
from eid_stream.sinks.file.disk_space import DiskSpace
from eid_stream.sinks.file.live_recorder import LiveRecorder, SegmentLimit
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sinks.null import NullSink
from eid_stream.sinks.stream.ffmpeg_program_out import FfmpegProgramOut
from eid_stream.sinks.stream.retrying import RetryingSink
from eid_stream.sinks.stream.standard_output import StandardOutput
from eid_stream.sinks.stream.stream_out import FORMATS, StreamOut
from eid_stream.sinks.stream.virtual_camera import VirtualCamera
from eid_stream.sources.address import parse_network, scheme_of

_LIVE_PRESET = "ultrafast"
_RECORDING_CAPACITY = 8
"""Frames that may wait for a recorder: a hiccup of the disk or the encoder is not yet a gap in the recording."""


@dataclass(slots=True)
class LiveOutlets:
    """The outlets of a live run and what the window wants to know of them."""

    outlets: list[Outlet] = field(default_factory=list)
    recorders: list[LiveRecorder] = field(default_factory=list)
    streams: list[RetryingSink] = field(default_factory=list)
    ending: Ending = field(default_factory=Ending)


def open_outlets(
    options: Options, live: LiveOptions, info: StreamInfo, tag: Callable[[], str], *, watched: bool
) -> LiveOutlets:
    """Make every outlet but the console; files and connections are opened with the first frame, in other threads.

    Raises:
        ConfigError: an address or a file name cannot be used.
        SinkOpenError: a file exists already, or its folder does not.
    """
    made = LiveOutlets()
    make = _OutletMaker(made, options, live, info, tag, watched=watched)
    addresses = [address for address in (options.out, *live.also_out) if address is not None]
    _refuse_one_file_twice([*addresses, *([str(live.record_original)] if live.record_original else [])])
    for address in addresses:
        make.add(address)
    if live.record_original is not None:
        make.add_recorder("record original", live.record_original, captured=True)
    if live.virtual_camera is not None:
        make.add_virtual_camera(live.virtual_camera)
    if watched and not made.recorders:
        make.add_recorder("record", live.screenshots / time.strftime("eid-stream-%Y%m%d-%H%M%S.mkv"), recording=False)
    if not made.outlets and not watched:
        made.outlets.append(Outlet("null", NullSink()))
    return made


def _refuse_one_file_twice(addresses: list[str]) -> None:
    """Two outlets that would write to one file, by whatever path it is named."""
    paths = [Path(address) for address in addresses if address not in (NULL_ADDRESS, "-") and not scheme_of(address)]
    seen: dict[Path, Path] = {}
    for path in paths:
        real = path.parent.resolve() / path.name
        if real in seen:
            raise ConfigError(f"Two outlets name the same file: {seen[real]} and {path}. Give each one of its own.")
        seen[real] = path


class _OutletMaker:
    def __init__(
        self,
        made: LiveOutlets,
        options: Options,
        live: LiveOptions,
        info: StreamInfo,
        tag: Callable[[], str],
        *,
        watched: bool,
    ) -> None:
        self._watched = watched
        self._made = made
        self._options = options
        self._live = live
        self._info = info
        self._marks = SegmentMarks(tag)

    def add(self, address: str) -> None:
        if address == NULL_ADDRESS:
            self._append("null", NullSink(), capacity=1)
        elif address == "-":
            self._add_standard_output()
        elif scheme_of(address):
            self._add_network(address)
        else:
            self.add_recorder("record", Path(address))

    def add_recorder(self, name: str, path: Path, *, recording: bool = True, captured: bool = False) -> None:
        choose_container(path)
        if not path.parent.is_dir():
            raise SinkOpenError(f"Cannot write {path}: there is no folder {path.parent}. Create it first.")
        if path.exists() and not self._options.overwrite:
            raise SinkOpenError(f"{path} exists already. Choose another name, or add --overwrite.")
        seconds, size_bytes = self._live.segment_limit()
        recorder = LiveRecorder(
            path,
            lambda segment, first: self._open_segment(segment, first, captured=captured),
            recording=recording,
            limit=SegmentLimit(seconds, size_bytes),
            space=DiskSpace(path.parent),
            captured=captured,
            background=True,
            ending=(lambda *_: None) if captured else self._marks.end,
        )
        self._made.recorders.append(recorder)
        self._append(name, recorder, capacity=_RECORDING_CAPACITY)

    def add_virtual_camera(self, device: str) -> None:
        rate = float(self._info.nominal_rate or 25)
        wanted = None if device == "any" else device
        self._add_stream("virtual camera", lambda first: VirtualCamera(wanted, first, rate=rate))

    def _add_network(self, address: str) -> None:
        scheme = scheme_of(address)
        if scheme not in FORMATS:
            raise ConfigError(
                f"Cannot send to {redacted(address)}: use {', '.join(f'{name}://' for name in FORMATS)}, a file, or -."
            )
        parsed = parse_network(address)
        options = self._options
        if scheme == "srt":
            self._add_stream(
                scheme,
                lambda first: FfmpegProgramOut(
                    address, redacted(address), self._info, first, quality=options.quality, preset=options.preset
                ),
            )
            return
        self._add_stream(
            scheme,
            lambda first: StreamOut(
                parsed.url,
                redacted(address),
                FORMATS[scheme],
                self._info,
                first,
                quality=options.quality,
                preset=options.preset,
                listen=parsed.listen,
            ),
        )

    def _add_stream(self, name: str, open_sink: Callable[[Frame], Sink]) -> None:
        sink = RetryingSink(open_sink)
        self._made.streams.append(sink)
        self._append(name, sink, capacity=2)

    def _append(self, name: str, sink: Sink, *, capacity: int) -> None:
        taken = {outlet.name for outlet in self._made.outlets}
        unique = next(n for n in (name, *(f"{name} {number}" for number in range(2, 100))) if n not in taken)
        self._made.outlets.append(Outlet(unique, sink, essential=False, capacity=capacity))

    def _add_standard_output(self) -> None:
        if sys.stdout is None or sys.stdout.closed:
            raise ConfigError("Standard output is closed: --out - needs a program that reads it, through a pipe.")
        target = cast(IO[bytes], StandardOutput(self._end_if_alone))
        self._add_stream(
            "standard output", lambda first: StreamOut(target, "standard output", "matroska", self._info, first)
        )

    def _end_if_alone(self) -> None:
        """The reader of standard output has left: recordings and a window that are there as well go on."""
        if len(self._made.outlets) == 1 and not self._watched:
            self._made.ending.call()

    def _open_segment(self, path: Path, first: Frame, *, captured: bool) -> Recorder:
        options = self._options
        info = replace(
            self._info,
            width=first.width,
            height=first.height,
            layout=first.layout,
            colour=first.colour,
            time_base=first.time_base,
            interlaced=first.interlaced,
            top_field_first=first.top_field_first,
            start_seconds=Fraction(0),
        )
        mark = "" if captured else self._marks.now()
        recorder = Recorder(
            path,
            info,
            codec=options.codec or "h264",
            quality=options.quality,
            preset=options.preset or (_LIVE_PRESET if (options.codec or "h264") in ("h264", "hevc") else None),
            encoder=options.encoder,
            tags={} if captured else {"enhanced": mark},
            overwrite=options.overwrite,
        )
        self._marks.begun(recorder, mark)
        return recorder
