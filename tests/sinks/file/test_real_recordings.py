"""Real surgical clips: nothing but the picture changes on the way through."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from eid_stream.core.frame import Frame
from eid_stream.sinks.file.recorder import Recorder
from eid_stream.sources.file.video_file import VideoFileSource
from tests.media.reading import read_tracks

CLIPS = Path(os.environ.get("EID_DATA", Path(__file__).parents[4] / "shared" / "data")) / "clips"


def fingerprint(frame: Frame) -> tuple[Fraction, np.ndarray]:
    """Time and a very coarse picture."""
    luma = frame.planes[0]
    return frame.seconds, luma[:: luma.shape[0] // 8, :: luma.shape[1] // 8].astype(np.int16)


@pytest.mark.parametrize("name", ["smoke_480p60.mp4", "wisps_1080p25.mp4", "smoke_cuts_256p33.mp4"])
def test_every_frame_arrives_once_in_order_and_the_sound_is_untouched(tmp_path: Path, name: str) -> None:
    if not (CLIPS / name).exists():
        pytest.skip(f"the real clip {name} is not here: set EID_DATA to the folder of the data")
    out = tmp_path / name
    source = VideoFileSource(str(CLIPS / name))
    recorder = Recorder(out, source.info, copy_from=CLIPS / name, preset="ultrafast")
    sent = []
    for frame in source:
        sent.append(fingerprint(frame))
        recorder.write(frame)
    recorder.publish()
    source.close()
    assert source.damage.sentences() == recorder.notes == []
    got = [fingerprint(frame) for frame in VideoFileSource(str(out))]
    assert len(sent) == source.info.frame_count
    assert [seconds for seconds, _ in got] == [seconds for seconds, _ in sent]
    assert max(np.abs(a - b).mean() for (_, a), (_, b) in zip(sent, got, strict=True)) < 4
    before, after = (sorted(t.payloads for t in read_tracks(p) if t.type != "video") for p in (CLIPS / name, out))
    assert after == before
