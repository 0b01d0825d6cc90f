"""What is told of a live recording's file before it gets its name."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from eid_stream.core.frame import DEHAZED
from eid_stream.sinks.file.live_recorder import LiveRecorder, SegmentLimit
from tests.sinks.file.test_live_recorder import make_frame, open_segment


def test_before_a_file_gets_its_name_the_share_of_frames_as_captured_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    recorder = LiveRecorder(
        tmp_path / "clear.mkv",
        open_segment,
        limit=SegmentLimit(seconds=Fraction(4, 25)),
        ending=lambda segment, share: told.append((segment.part.name, share)),
    )
    for index in range(8):
        recorder.write(make_frame(index) if index < 3 else replace(make_frame(index), state=DEHAZED))
    recorder.close()
    assert told == [("clear-001.mkv.part", 0.75), ("clear-002.mkv.part", 0.0)]
