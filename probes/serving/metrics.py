"""What `/metrics` has beside the client's own: boot, indicators, requests, the drain, the event loop's lag."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from probes.record import STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from probes.serving.drain import Drain
    from probes.serving.readiness import Readiness
    from probes.serving.traffic import Traffic

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter, which no query of ours needs

_LABELS = ("method", "route", "status")
_BOUNDS = Histogram.DEFAULT_BUCKETS  # seconds; the last is infinity
_LAG_EVERY = 0.25  # seconds between two looks at the event loop


class RequestMetrics(Collector):
    """Counts and times requests by method, route template and status class (`2xx`).

    The client's own Counter and Histogram take a lock and a bucket after another; on one event loop none is needed.
    """

    def __init__(self) -> None:
        self._series: dict[tuple[str, str, int], _Series] = {}

    def observe(self, method: str, route: str, status_class: int, seconds: float) -> None:
        """Count one request that took `seconds` and was answered with status `status_class`xx."""
        key = (method, route, status_class)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series()
        series.seconds += seconds
        series.buckets[bisect_left(_BOUNDS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """The `http_…` families."""
        total = CounterMetricFamily("http_requests", "HTTP requests that were answered.", labels=_LABELS)
        duration = HistogramMetricFamily(
            "http_request_duration_seconds", "Seconds until a response was sent.", labels=_LABELS
        )
        for (method, route, status_class), series in self._series.items():
            labels = (method, route, f"{status_class}xx")
            counts = list(accumulate(series.buckets))
            total.add_metric(labels, counts[-1])
            bounds = map(floatToGoString, _BOUNDS)
            duration.add_metric(labels, list(zip(bounds, map(float, counts), strict=True)), series.seconds)
        yield total
        yield duration


class _Series:
    """The requests of one method, route and status class: seconds in all, and how many ended by each bound."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.buckets = [0] * len(_BOUNDS)


class BootCollector(Collector):
    """The boot's record and the indicators, read when the metrics are."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        """The `airlock_…` families."""
        record = self._readiness.record
        current = "draining" if self._readiness.draining else record.state
        state = GaugeMetricFamily("airlock_state", "State of this instance: one is 1.", labels=["state"])
        for name in STATES:
            state.add_metric([name], int(name == current))
        yield state
        boot = GaugeMetricFamily("airlock_boot_seconds", "Seconds spent in each phase of the boot.", labels=["phase"])
        for phase, seconds in record.phase_seconds().items():
            boot.add_metric([phase], seconds)
        yield boot
        checks = GaugeMetricFamily(
            "airlock_check_seconds", "Seconds that each check of the boot contract took.", labels=["check"]
        )
        for check in record.checks.values():
            checks.add_metric([check.name], check.seconds)
        yield checks
        up = GaugeMetricFamily("airlock_indicator_up", "1 when the indicator is up.", labels=["indicator"])
        age = GaugeMetricFamily(
            "airlock_indicator_age_seconds", "Seconds since the indicator was measured.", labels=["indicator"]
        )
        for reading in self._readiness.indicators.readings:
            up.add_metric([reading.indicator.name], int(reading.up is True))
            age.add_metric([reading.indicator.name], reading.age)
        yield up
        yield age


class DrainCollector(Collector):
    """What is being served, and what a drain has done to it so far, read when the metrics are."""

    def __init__(self, traffic: Traffic, drain: Drain) -> None:
        self._traffic = traffic
        self._drain = drain

    def collect(self) -> Iterator[Metric]:
        """The `airlock_…` families."""
        serving = GaugeMetricFamily("airlock_in_flight", "Requests and websockets that are open.", labels=["kind"])
        for kind, count in self._traffic.counts().items():
            serving.add_metric([kind], count)
        yield serving
        yield GaugeMetricFamily(
            "airlock_drain_seconds_left",
            "Seconds until the drain cuts off what is in flight; infinite while there is no drain.",
            self._drain.seconds_left,
        )
        cut_off = CounterMetricFamily(
            "airlock_cut_off", "Requests and websockets that the end of the grace period cut off.", labels=["kind"]
        )
        for kind, count in self._drain.cut_off.items():
            cut_off.add_metric([kind], count)
        yield cut_off


async def measure_loop_lag() -> None:
    """Until cancelled: how late the event loop comes back to a task that only slept."""
    lag = Histogram(
        "airlock_event_loop_lag_seconds",
        "Seconds that the event loop was late for a task that was due.",
        buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
    )
    while True:
        due = time.monotonic() + _LAG_EVERY
        await asyncio.sleep(_LAG_EVERY)
        lag.observe(max(0.0, time.monotonic() - due))
