"""Counters and latencies for Prometheus, on this machine only; needs the extra ``metrics``."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from eid_stream.core.errors import ConfigError
from eid_stream.core.host.redaction import redacted_text
from eid_stream.flow.stats import PERCENTILES, Stats

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOPBACK = "127.0.0.1"
MOST_AT_ONCE = 4
ANSWER_SECONDS = 3.0


class MetricsEndpoint:
    """Serves ``http://127.0.0.1:PORT/metrics`` until closed."""

    def __init__(self, stats: Stats, port: int, *, bypass_reason: Callable[[], str] = lambda: "") -> None:
        """Listen on the loopback interface; port 0 takes a free one, see ``port``.

        Raises:
            ConfigError: prometheus-client is not installed, or the port is taken.
        """
        try:
            from prometheus_client import CollectorRegistry, make_wsgi_app
        except ImportError as error:
            raise ConfigError("--metrics needs prometheus-client: pip install 'eid-stream[metrics]'.") from error
        registry = CollectorRegistry()
        registry.register(_Collector(stats, bypass_reason))
        try:
            self._server = BoundedServer((LOOPBACK, port), _QuietHandler)
        except OSError as error:
            raise ConfigError(f"Cannot serve metrics on port {port}: {error.strerror}. Choose another one.") from error
        self._server.set_app(make_wsgi_app(registry))
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class BoundedServer(WSGIServer):
    """Answers ``MOST_AT_ONCE`` at a time, each within ``ANSWER_SECONDS``; who comes beyond that is sent away."""

    request_queue_size = MOST_AT_ONCE

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, if there is one left."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        threading.Thread(target=self._answer, args=(request, client_address), name="metrics", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: who asks and goes away, or drips, is not our concern."""

    def _answer(self, request: socket.socket, client_address: Any) -> None:
        timer = threading.Timer(ANSWER_SECONDS, _cut, (request,))
        timer.daemon = True
        timer.start()
        try:
            self.finish_request(request, client_address)
        except (OSError, ValueError):
            self.handle_error(request, client_address)
        finally:
            timer.cancel()
            self.shutdown_request(request)
            self._free.release()


class _QuietHandler(WSGIRequestHandler):
    timeout = ANSWER_SECONDS

    def log_message(self, format: str, *args: object) -> None: ...


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Collector:
    def __init__(self, stats: Stats, bypass_reason: Callable[[], str]) -> None:
        self._stats = stats
        self._bypass_reason = bypass_reason

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily

        stats = self._stats
        yield CounterMetricFamily("eid_stream_captured_frames", "Frames taken from the source", value=stats.captured)
        for name, text, counter, label in (
            ("written_frames", "Frames an outlet has taken", stats.written, "outlet"),
            ("dropped_frames", "Frames thrown away because a stage was late", stats.dropped, "stage"),
            ("missed_frames", "Frames that nobody received", stats.missed, "outlet"),
            ("bypassed_frames", "Frames that went out as captured", stats.bypassed, "reason"),
            ("faults", "Things that went wrong without ending the run", stats.faults, "description"),
        ):
            family = CounterMetricFamily(f"eid_stream_{name}", text, labels=[label])
            for key, count in list(counter.items()):
                family.add_metric([redacted_text(key)], count)
            yield family
        gauge = GaugeMetricFamily("eid_stream_bypass_latched", "1 while a latched bypass shows the original")
        gauge.add_metric([], float(bool(self._bypass_reason())))
        yield gauge
        seconds = SummaryMetricFamily("eid_stream_stage_seconds", "Time in a stage, or to it", labels=["stage"])
        quantiles = GaugeMetricFamily("eid_stream_stage_quantile_seconds", "Quantiles", labels=["stage", "quantile"])
        for stage, times in list(stats.stages.items()):
            seconds.add_metric([stage], times.count, times.mean_ms * times.count / 1e3)
            for percent in PERCENTILES:
                quantiles.add_metric([stage, f"{percent / 100:g}"], times.percentile_ms(percent) / 1e3)
        yield seconds
        yield quantiles
