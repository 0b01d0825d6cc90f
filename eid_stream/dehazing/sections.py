"""Where a file's run can be taken up again: its frames fall into sections, and each begins with all that is known."""

from dataclasses import replace
from fractions import Fraction

from eid_stream.core.frame import Frame, SectionStart

SECTION_SECONDS = Fraction(5)
"""Length of a section: what a kill costs at most, and how often an encoder begins anew."""
LOOK_AHEAD, ESTIMATE = "look ahead", "estimate"
"""Names of the states that are needed to give the next frame its maps."""


class Sections:
    """Counts a file's seconds from section to section, by presentation time: the same in every run of the file."""

    def __init__(self) -> None:
        self._began: Fraction | None = None

    def is_due(self, frame: Frame) -> bool:
        """Whether a section may begin with this frame; the very first one begins by itself."""
        if self._began is None:
            self._began = frame.seconds
        return frame.seconds - self._began >= SECTION_SECONDS

    def begun(self, frame: Frame, states: dict[str, bytes]) -> Frame:
        """The frame as the first of a section."""
        self._began = frame.seconds
        return replace(frame, section=SectionStart(states))

    def marked(self, frame: Frame) -> Frame:
        """The frame, where nothing needs to be known of the ones before it."""
        return self.begun(frame, {}) if self.is_due(frame) else frame
