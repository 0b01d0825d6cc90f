import json
import sys
from pathlib import Path

import pytest

from benchmarks.speed import dehazing_cpu
from tests.media.writing import Clip, write_clip


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the CPU of a single thread")
def test_the_threads_of_dehazing_add_up_to_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = write_clip(tmp_path / "clip.mp4", Clip(frames=6))
    dehazing_cpu.main(source=clip, frames=30, rounds=1, distinct=6)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["by_thread"]["estimate"] > 0
    assert told["ms_per_frame"] == pytest.approx(sum(told["by_thread"].values()), rel=1e-3)
