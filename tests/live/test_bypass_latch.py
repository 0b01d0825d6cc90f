import threading
import time

from eid_stream.live.bypass_latch import BypassLatch, BypassPolicy


class SlowToRead(BypassPolicy):
    """Lets other threads in between the latch's question whether it is open and its answer."""

    def __getattribute__(self, name: str) -> object:
        if name == "longest_healthy_seconds":
            time.sleep(0.05)
        return super().__getattribute__(name)


def test_faults_that_several_threads_tell_at_once_latch_once() -> None:
    latch = BypassLatch(SlowToRead(faults=1))
    telling = [threading.Thread(target=latch.fault, args=(f"fault {number}", 0.0)) for number in range(4)]
    for thread in telling:
        thread.start()
    for thread in telling:
        thread.join()
    assert latch.count == 1
    assert latch.reason.startswith("fault")


def test_latency_warns_at_70_ms_and_bypasses_at_100_ms() -> None:
    latch = BypassLatch(BypassPolicy(healthy_seconds=5))
    latch.shown(0.069, now=1.0)
    assert latch.warning(now=1.0) == ""
    latch.shown(0.083, now=2.0)
    assert latch.warning(now=2.5) == "added latency 83 ms"
    assert latch.warning(now=5.0) == ""
    for now in (6.0, 6.1, 6.2):
        latch.shown(0.132, now)
    assert latch.reason == "added latency 132 ms"
    latch.healthy(now=9.0)
    assert latch.reason
    latch.healthy(now=11.3)
    assert latch.reason == ""


def test_one_late_frame_is_not_yet_a_bypass() -> None:
    latch = BypassLatch()
    for now, added in ((1.0, 0.5), (1.1, 0.01), (1.2, 0.5), (1.3, 0.5), (1.4, 0.01)):
        latch.shown(added, now)
    assert latch.reason == ""


def test_a_bypass_soon_after_the_last_lasts_twice_as_long() -> None:
    latch = BypassLatch(BypassPolicy(faults=1, healthy_seconds=5))
    latch.fault("NaN", now=0.0)
    latch.healthy(now=5.0)
    assert latch.reason == ""
    latch.fault("NaN", now=6.0)
    latch.healthy(now=11.5)
    assert latch.reason == "NaN"
    latch.healthy(now=16.0)
    assert latch.reason == ""


def test_without_automatic_return_only_the_viewer_ends_a_bypass() -> None:
    latch = BypassLatch(BypassPolicy(faults=1, automatic_return=False))
    latch.fault("NaN", now=0.0)
    latch.healthy(now=1000.0)
    assert latch.reason == "NaN"
    latch.release(now=1001.0)
    assert latch.reason == ""
