"""What was wrong with a video that could be read all the same."""

from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Protocol, runtime_checkable


@dataclass(slots=True)
class Damage:
    """Counts of everything that was skipped, concealed or repaired while a video was read."""

    unreadable_packets: int = 0
    """Pieces of the file that the demultiplexer or the decoder refused; their pictures are missing."""
    concealed_frames: int = 0
    """Frames that the decoder gave out although parts of them were damaged."""
    corrupt_packets: int = 0
    """Pieces of a live stream that arrived incomplete or out of step."""
    other_sizes: int = 0
    """Frames whose size is not the video's."""
    captions: bool = False
    """Whether the pictures carried closed captions."""
    missing_frames: int = 0
    """Frames that ought to lie in gaps of an otherwise constant rate."""
    repaired_time_stamps: int = 0
    """Frames whose time stamp was missing or did not come after the frame before."""
    unread_frames: int = 0
    """Frames of a live source that were thrown away before anybody took them, because newer ones had come."""
    lost_signals: int = 0
    """How often a live source was lost."""
    clock_restarts: int = 0
    """How often the file's clock began anew or jumped; sound and picture go on together without a break."""
    missing_seconds: Fraction = Fraction(0)
    """How much earlier the video ended than it announced; more than zero means it is truncated."""

    def sentences(self) -> list[str]:
        """Tell each kind of damage that occurred in one sentence, for a summary."""
        told = (
            (self.unreadable_packets, "Unreadable packets of video that were skipped: {}."),
            (self.concealed_frames, "Damaged frames, shown with their gaps concealed: {}."),
            (self.corrupt_packets, "Packets of video that arrived damaged: {}."),
            (self.missing_frames, "Frames missing in gaps of the constant rate: {}."),
            (self.repaired_time_stamps, "Frames without a usable time stamp that were given one: {}."),
            (self.unread_frames, "Frames that came faster than they could be taken: {}."),
            (self.lost_signals, "Times the signal was lost: {}."),
            (self.other_sizes, "Frames of another size, scaled to that of the others: {}."),
            (self.captions, "Closed captions within the pictures are left out."),
            (
                self.clock_restarts,
                "The file's clock begins anew or jumps, and sound and picture are joined: {} time(s).",
            ),
            (float(self.missing_seconds), "The file is truncated: it ends {:.2f} s earlier than it announces."),
        )
        return [sentence.format(count) for count, sentence in told if count]

    @property
    def count(self) -> int:
        """How much there is of everything that is counted in whole numbers."""
        return sum(value for field in fields(self) if type(value := getattr(self, field.name)) is int)

    def add(self, other: "Damage") -> None:
        """Count what was wrong with another part of the same video."""
        for field in fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, mine or theirs if isinstance(mine, bool) else mine + theirs)


@runtime_checkable
class Damaged(Protocol):
    """A source that keeps count of its damage."""

    @property
    def damage(self) -> Damage:
        """What was wrong so far."""
        ...


def damage_of(source: object) -> Damage:
    """What was wrong with a source so far; nothing where it keeps no count."""
    return source.damage if isinstance(source, Damaged) else Damage()
