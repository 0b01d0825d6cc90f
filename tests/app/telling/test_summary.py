from eid_stream.app.telling.summary import summarise
from eid_stream.flow.stats import Stats


def test_the_summary_tells_rate_bypasses_drops_faults_damage_and_the_times_of_each_stage() -> None:
    stats = Stats()
    stats.written["record"] = 90
    stats.dropped.update(record=7, dehaze=0)
    for _ in range(3):
        stats.bypass("no engine")
    stats.fault("monitor: unplugged")
    stats.damage.append("2 unreadable packets of video were skipped.")
    stats.stage("dehaze").record(5_000_000)
    stats.stage("never used")
    lines = summarise(stats, wall_seconds=3.0).splitlines()
    assert lines[:5] == [
        "90 frames in 3.0 s (30.0 frames/s).",
        "3 frames went out as captured: no engine.",
        "7 frames came too late for record and were dropped.",
        "Fault (1x): monitor: unplugged.",
        "2 unreadable packets of video were skipped.",
    ]
    assert lines[5].split() == ["milliseconds", "p50", "p95", "p99", "max"]
    assert lines[6].split() == ["dehaze", "5.00", "5.00", "5.00", "5.00"]
    assert len(lines) == 7


def test_one_frame_is_told_as_one() -> None:
    stats = Stats()
    stats.written["record"] = stats.dropped["record"] = stats.missed["record"] = 1
    stats.bypass("no engine")
    assert summarise(stats, wall_seconds=1.0).splitlines()[:4] == [
        "1 frame in 1.0 s (1.0 frames/s).",
        "1 frame went out as captured: no engine.",
        "1 frame came too late for record and was dropped.",
        "1 frame reached nobody through record.",
    ]
