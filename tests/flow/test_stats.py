import json

import numpy as np
import pytest

from eid_stream.flow.stats import Histogram, Stats


def test_percentiles_agree_with_numpy_within_the_width_of_a_bucket() -> None:
    durations_ns = np.random.default_rng(1).lognormal(mean=15.0, sigma=0.7, size=20_000).astype(np.int64)
    histogram = Histogram()
    for duration in durations_ns:
        histogram.record(int(duration))
    for percent in (50, 95, 99):
        exact_ms = float(np.percentile(durations_ns, percent)) / 1e6
        assert histogram.percentile_ms(percent) == pytest.approx(exact_ms, rel=0.015)
    assert histogram.max_ms == durations_ns.max() / 1e6
    assert histogram.mean_ms == pytest.approx(durations_ns.mean() / 1e6)


def test_durations_beyond_both_ends_are_counted_and_the_longest_is_exact() -> None:
    histogram = Histogram()
    for duration_ns in (0, 3_600 * 10**9):
        histogram.record(duration_ns)
    assert histogram.count == 2
    assert histogram.max_ms == 3_600_000.0
    assert histogram.percentile_ms(99) <= histogram.max_ms


def test_a_histogram_without_durations_answers_zero() -> None:
    assert Histogram().as_dict() == {
        "frames": 0, "mean_ms": 0.0, "p50_ms": 0.0, "p95_ms": 0.0, "p99_ms": 0.0, "max_ms": 0.0
    }  # fmt: skip


def test_reasons_that_never_repeat_do_not_grow_without_bound() -> None:
    stats = Stats()
    for frame in range(1000):
        stats.bypass(f"gain reaches {frame}")
    assert len(stats.bypassed) <= 21
    assert sum(stats.bypassed.values()) == 1000
    assert stats.bypassed["other reasons"] == 980


def test_the_json_says_what_was_counted_with_units_in_its_keys() -> None:
    stats = Stats()
    stats.captured = 3
    stats.written["record"] = 2
    stats.dropped["record"] = 1
    stats.dropped["dehaze"] = 0
    stats.missed.update({"rtmp": 4, "record": 0})
    stats.bypass("no engine")
    stats.fault("disk full")
    stats.damage.append("3 packets were skipped.")
    with stats.timed("dehaze"):
        pass
    told = json.loads(json.dumps(stats.as_dict()))
    assert told["stages"]["dehaze"].keys() >= {"p50_ms", "p95_ms", "p99_ms", "max_ms", "frames"}
    del told["stages"]
    assert told == {
        "frames": 3,
        "video_seconds": 0.0,
        "written_frames": {"record": 2},
        "bypassed_frames": 1,
        "bypass_reasons": {"no engine": 1},
        "dropped_frames": 1,
        "drops": {"record": 1},
        "missed_frames": {"rtmp": 4},
        "faults": {"disk full": 1},
        "damage": ["3 packets were skipped."],
        "haze_per_second": [],
        "memory": {},
    }
