import json

import pytest

from benchmarks.speed import latency


def test_the_table_comes_first_and_one_json_line_with_units_last(capsys: pytest.CaptureFixture[str]) -> None:
    latency.main(only="480p", engine="prior", frames=5)
    *table, line = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["benchmark"] == "latency"
    assert told["480p"].keys() >= {"p50_ms", "p95_ms", "p99_ms", "max_ms", "frames"}
    assert told["480p"]["parts"].keys() == {"continuity", "correction", "thumbnail", "estimate"}
    assert told["480p"]["frames"] == 5
    assert "1080p" not in told
    assert sum("480p" in row for row in table) == 5


def test_a_live_run_is_timed_from_capture_to_hand_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    latency.main(only="480p25", engine="prior", live=True, seconds=0.6)
    *table, line = capsys.readouterr().out.splitlines()
    told = json.loads(line)["480p25"]
    assert told.keys() >= {"p50_ms", "p95_ms", "p99_ms", "max_ms", "dropped", "late", "bypassed", "recording"}
    assert told["frames"] + told["dropped"] == 15
    assert [row.split()[:2] for row in table[2:]] == [["480p25", "null"], ["480p25", "recording"]]
