"""The request metrics, beside the client library's own on the same requests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from probes.serving.metrics import RequestMetrics

requests = st.tuples(
    st.sampled_from(["GET", "POST", "OTHER"]),
    st.sampled_from(["/", "/users/{name}", 'a "quoted" \\ template']),
    st.integers(1, 5),
    st.one_of(
        st.sampled_from(Histogram.DEFAULT_BUCKETS[:-1]), st.floats(0, 100), st.floats(0, 0.01, allow_subnormal=False)
    ),
)


@given(st.lists(requests))
def test_the_page_is_what_the_client_library_would_say(observed: list[tuple[str, str, int, float]]) -> None:
    """Families, labels, buckets and sums are those of a Counter and a Histogram, to the byte."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    metrics = RequestMetrics()
    ours.register(metrics)
    labels = ("method", "route", "status")
    total = Counter("http_requests", "HTTP requests that were answered.", labels, registry=theirs)
    seconds = Histogram("http_request_duration_seconds", "Seconds until a response was sent.", labels, registry=theirs)
    for method, route, status_class, took in observed:
        metrics.observe(method, route, status_class, took)
        total.labels(method, route, f"{status_class}xx").inc()
        seconds.labels(method, route, f"{status_class}xx").observe(took)
    assert generate_latest(ours) == generate_latest(theirs)
