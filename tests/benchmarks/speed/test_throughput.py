import json
import shutil

import pytest

from benchmarks.speed import throughput


def test_dehazed_plain_and_ffmpeg_take_turns_and_the_ratios_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    throughput.main(frames=12, rounds=1, engine="prior", size="128x96")
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    expected = {"frames_per_second", "ratio_to_plain", "rss_mib", "rss_growth_mib"}
    if shutil.which("ffmpeg"):
        expected |= {"ratio_to_ffmpeg"}
    assert told.keys() == expected | {"benchmark"}
    assert all(told[key] > 0 for key in expected - {"rss_growth_mib"})
