"""Counters and latencies for Prometheus, on this machine only; needs the extra ``metrics``."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from eid_stream.core.errors import ConfigError
from eid_stream.core.redaction import redacted_text
from eid_stream.flow.stats import PERCENTILES, Stats

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOPBACK = "127.0.0.1"


class MetricsEndpoint:
    """Serves ``http://127.0.0.1:PORT/metrics`` until closed."""

    def __init__(self, stats: Stats, port: int, *, bypass_reason: Callable[[], str] = lambda: "") -> None:
        """Listen on the loopback interface; port 0 takes a free one, see ``port``.

        Raises:
            ConfigError: prometheus-client is not installed, or the port is taken.
        """
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError as error:
            raise ConfigError("--metrics needs prometheus-client: pip install 'eid-stream[metrics]'.") from error
        registry = CollectorRegistry()
        registry.register(_Collector(stats, bypass_reason))
        try:
            self._server, self._thread = start_http_server(port, addr=LOOPBACK, registry=registry)
        except OSError as error:
            raise ConfigError(f"Cannot serve metrics on port {port}: {error.strerror}. Choose another one.") from error
        self.port = int(self._server.server_port)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


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
