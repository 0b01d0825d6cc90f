"""How each stream of a source file goes into an output, decided before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from eid_stream.sinks.encoding.container_choice import ContainerChoice
from eid_stream.sinks.file.side.carrying import Carriage, find_carriage, others_that_carry, sample_packets
from eid_stream.sinks.file.side.stream_copy import is_as_it_is

_TIMED_METADATA = "timecode"


@dataclass(slots=True)
class CopyingPlan:
    """What becomes of every stream beside the picture."""

    ways: dict[int, Carriage] = field(default_factory=dict)
    """How a stream is carried, by its number; what is missing here is left out."""
    text_comes_last: bool = False
    """Whether subtitles are written behind everything else."""
    covers: set[int] = field(default_factory=set)
    """Streams that are cover pictures, to be stored as attached files."""
    notes: list[str] = field(default_factory=list)
    """What is left out, one sentence each."""

    @property
    def unlisted(self) -> bool:
        """Whether the output's writer has to be reached around the list of what it is known to take."""
        return any(way.unlisted for way in self.ways.values())


def plan_copying(
    source: InputContainer, choice: ContainerChoice, *, picture: int, copy_pictures: bool = True
) -> CopyingPlan:
    """Try every stream but the picture's with its first packets. Reads the source's beginning; its streams are used up.

    ``picture`` is the number of the stream that is enhanced; without ``copy_pictures`` no other pictures are copied.
    """
    samples = sample_packets(source)
    plan = CopyingPlan(text_comes_last=choice.text_comes_last)
    for stream in source.streams:
        if stream.index == picture:
            continue
        if stream.type == "video" and not copy_pictures:
            plan.notes.append(f"{called(stream)} is left out: nothing is blacked out in it.")
        else:
            _plan_one(plan, stream, samples.get(stream.index, ()), choice)
    return plan


def called(stream: Stream) -> str:
    """What to call a stream in a sentence."""
    codec = stream.codec_context.name if stream.codec_context else getattr(stream, "name", None) or "unknown"
    language = f", {stream.language}" if stream.language and stream.language != "und" else ""
    return f"Stream {stream.index} ({stream.type}, {codec}{language})"


def is_timecode(stream: Stream) -> bool:
    """Whether a stream is a QuickTime timecode track; FFmpeg tells its first value as a tag, also of the picture."""
    return stream.type == "data" and _TIMED_METADATA in stream.metadata


def _plan_one(plan: CopyingPlan, stream: Stream, samples: "Sequence[Packet[Stream]]", choice: ContainerChoice) -> None:
    if stream.disposition & Disposition.attached_pic:
        if choice.holds_covers:
            plan.covers.add(stream.index)
        else:
            plan.notes.append(_left_out(stream, samples, choice))
    elif is_timecode(stream):
        if choice.format == "matroska":
            plan.notes.append(f"{called(stream)} is a timecode: {choice.name} keeps where it begins as a tag.")
    elif (way := find_carriage(stream, samples, choice)) is not None:
        plan.ways[stream.index] = way
        if stream.type == "video" and not stream.disposition and is_as_it_is(way.form):
            plan.notes.append(f"{called(stream)} is copied as it is, not enhanced.")
    else:
        plan.notes.append(_left_out(stream, samples, choice))


def _left_out(stream: Stream, samples: "Sequence[Packet[Stream]]", choice: ContainerChoice) -> str:
    others = others_that_carry(stream, samples, choice)
    advice = f" {' and '.join(others)} can." if others else ""
    return f"{called(stream)} is left out: {choice.name} cannot carry it.{advice}"
