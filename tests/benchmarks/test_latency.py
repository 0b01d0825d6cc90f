import json

import pytest

from benchmarks import latency


def test_the_table_comes_first_and_one_json_line_with_units_last(capsys: pytest.CaptureFixture[str]) -> None:
    latency.main(only="480p", engine="prior", frames=5)
    *table, line = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["benchmark"] == "latency"
    assert told["480p"].keys() >= {"p50_ms", "p95_ms", "p99_ms", "max_ms", "frames"}
    assert told["480p"]["parts"].keys() == {"thumbnail", "estimate", "smooth", "apply"}
    assert told["480p"]["frames"] == 5
    assert "1080p" not in told
    assert sum("480p" in row for row in table) == 5
