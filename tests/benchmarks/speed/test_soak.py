from benchmarks.speed.soak import soak


def test_a_minute_of_accelerated_video_leaves_nothing_behind() -> None:
    told = soak(minutes=1.0, size="96x64", engine="prior")
    settled, last = told.samples[len(told.samples) // 4], told.samples[-1]
    assert last.frames == 1800
    assert told.lost_signals == 3
    assert told.dehazed > 900, "there was little to be left behind"
    assert last.threads <= settled.threads + 1
    assert last.descriptors <= settled.descriptors + 1
    assert told.growth_mib < 16.0
