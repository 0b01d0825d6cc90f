"""What was wrong with a video that could be read all the same."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(slots=True)
class Damage:
    """Counts of everything that was skipped, concealed or repaired while a video was read."""

    unreadable_packets: int = 0
    """Pieces of the file that the demultiplexer or the decoder refused; their pictures are missing."""
    concealed_frames: int = 0
    """Frames that the decoder gave out although parts of them were damaged."""
    other_sizes: int = 0
    """Frames whose size is not the video's."""
    captions: bool = False
    """Whether the pictures carried closed captions."""
    missing_frames: int = 0
    """Frames that ought to lie in gaps of an otherwise constant rate."""
    repaired_time_stamps: int = 0
    """Frames whose time stamp was missing or did not come after the frame before."""
    clock_restarts: int = 0
    """How often the file's clock began anew or jumped; sound and picture go on together without a break."""
    missing_seconds: Fraction = Fraction(0)
    """How much earlier the video ended than it announced; more than zero means it is truncated."""

    def sentences(self) -> list[str]:
        """Tell each kind of damage that occurred in one sentence, for a summary."""
        told = (
            (self.unreadable_packets, "Unreadable packets of video that were skipped: {}."),
            (self.concealed_frames, "Damaged frames, shown with their gaps concealed: {}."),
            (self.missing_frames, "Frames missing in gaps of the constant rate: {}."),
            (self.repaired_time_stamps, "Frames without a usable time stamp that were given one: {}."),
            (self.other_sizes, "Frames of another size, scaled to that of the others: {}."),
            (self.captions, "Closed captions within the pictures are left out."),
            (
                self.clock_restarts,
                "The file's clock begins anew or jumps, and sound and picture are joined: {} time(s).",
            ),
            (float(self.missing_seconds), "The file is truncated: it ends {:.2f} s earlier than it announces."),
        )
        return [sentence.format(count) for count, sentence in told if count]
