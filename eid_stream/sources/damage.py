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
    repaired_time_stamps: int = 0
    """Frames whose time stamp was missing or did not come after the frame before."""
    missing_seconds: Fraction = Fraction(0)
    """How much earlier the video ended than it announced; more than zero means it is truncated."""

    def sentences(self) -> list[str]:
        """Tell each kind of damage that occurred in one sentence, for a summary."""
        missing = f"{float(self.missing_seconds):.2f} s"
        told = (
            (self.unreadable_packets, f"{self.unreadable_packets} unreadable packets of video were skipped."),
            (
                self.concealed_frames,
                f"{self.concealed_frames} frames were damaged and shown with their gaps concealed.",
            ),
            (
                self.repaired_time_stamps,
                f"{self.repaired_time_stamps} frames had no usable time stamp and were given one.",
            ),
            (self.missing_seconds, f"The file is truncated: it ended {missing} earlier than it announces."),
        )
        return [sentence for count, sentence in told if count]
