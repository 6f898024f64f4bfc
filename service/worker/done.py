"""What this process has done since it began, in words: its own metrics, for who has no Prometheus at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.metrics import MESSAGES, RECONNECTS, STAGE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics import MetricWrapperBase
    from prometheus_client.samples import Sample


def in_words() -> str:
    """How many messages of each source went which way, how long they took, and how often a source came back."""
    told = []
    if messages := [f"{_value(one)} {one.labels['source']} {one.labels['outcome']}" for one in _counted(MESSAGES)]:
        told.append(f"messages since the start: {', '.join(messages)}")
    if stages := list(_means()):
        told.append(f"a message took on average {', '.join(stages)}")
    reconnects = [f"{_value(one)} {one.labels['source']}" for one in _counted(RECONNECTS)]
    told.append(f"reconnects: {', '.join(reconnects) or 'none'}")
    return "; ".join(told)


def _means() -> Iterator[str]:
    counts = {one.labels["stage"]: one.value for one in _samples(STAGE_SECONDS, "_count") if one.value}
    for one in _samples(STAGE_SECONDS, "_sum"):
        if count := counts.get(one.labels["stage"]):
            yield f"{1000 * one.value / count:.1f} ms to {one.labels['stage']}"


def _counted(counter: MetricWrapperBase) -> list[Sample]:
    return [sample for sample in _samples(counter, "_total") if sample.value]


def _samples(metric: MetricWrapperBase, ending: str) -> list[Sample]:
    return [sample for family in metric.collect() for sample in family.samples if sample.name.endswith(ending)]


def _value(sample: Sample) -> str:
    return f"{sample.value:.0f}"
