import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.request import urlopen

import pytest

from benchmarks.attack.addresses.leaking_addresses import KINDS, SECRET, leaks
from eid_stream.flow.stats import Stats
from eid_stream.live.metrics import MetricsEndpoint

pytest.importorskip("prometheus_client")


@pytest.fixture
def stats() -> Stats:
    return Stats()


@pytest.fixture
def endpoint(stats: Stats) -> Iterator[MetricsEndpoint]:
    with closing(MetricsEndpoint(stats, 0)) as serving:
        yield serving


def read(endpoint: MetricsEndpoint) -> str:
    with urlopen(f"http://127.0.0.1:{endpoint.port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def threads() -> int:
    return sum(thread.name == "metrics" for thread in threading.enumerate())


def test_visitors_who_say_nothing_take_a_few_threads_for_a_few_seconds(
    endpoint: MetricsEndpoint,
) -> None:
    with ExitStack() as visitors:
        for _ in range(40):
            visitor = visitors.enter_context(socket.create_connection(("127.0.0.1", endpoint.port)))
            visitor.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        time.sleep(0.3)
        assert threads() <= 5
        until = time.monotonic() + 12
        while threads() > 1 and time.monotonic() < until:
            time.sleep(0.1)
        assert "eid_stream_captured_frames" in read(endpoint)


def test_labels_are_served_without_credentials(endpoint: MetricsEndpoint, stats: Stats) -> None:
    address = KINDS["RTMP stream key"].format(SECRET)
    stats.fault(f"rtmp: the stream to {address} broke off")
    served = read(endpoint)
    assert "rtmp://127.0.0.1:1/***" in served
    assert not leaks(served)
