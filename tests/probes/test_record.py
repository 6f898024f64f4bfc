"""What is known of a boot: phases, checks, their seconds, and the two bodies that are made of it."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from probes.record import BOOT_PHASES, STATES, Check, Record

texts = st.text('az09 "\\\\\n\t{}=,#é☃\0', max_size=20)
seconds = st.floats(0, 1e4, allow_nan=False)
phases = st.fixed_dictionaries({"phase": st.sampled_from(BOOT_PHASES)})
warnings = st.fixed_dictionaries({"warning": texts})
checks = st.fixed_dictionaries(
    {"check": texts, "status": st.sampled_from(["running", "ok", "waiting", "failed"])},
    optional={
        "seconds": seconds,
        "detail": texts,
        "resolution": st.lists(texts, max_size=2),
        "attempts": st.integers(1, 99),
        "stack": st.lists(texts, max_size=2),
    },
)
boots = st.lists(st.one_of(phases, warnings, checks), max_size=15)


def record_of(events: list[dict[str, Any]]) -> Record:
    """A record that was told these events, as they come over the wire."""
    record = Record(time.monotonic())
    for event in events:
        record.apply(json.loads(json.dumps(event)))
    return record


def samples(record: Record, metric: str, label: str) -> dict[str, float]:
    """The values of a metric by the value of its label, read as Prometheus reads them."""
    return {
        sample.labels[label]: sample.value
        for family in text_string_to_metric_families(record.metrics().decode())
        for sample in family.samples
        if sample.name == metric
    }


@given(boots)
def test_every_boot_has_a_health_body_with_the_fixed_keys(events: list[dict[str, Any]]) -> None:
    """Whatever is reported, the body is JSON with status, phase, elapsed_seconds and each check in order."""
    record = record_of(events)
    body = json.loads(record.health_json())
    assert list(body) == ["status", "phase", "elapsed_seconds", "checks"]
    assert body["status"] == "starting"
    assert body["phase"] in BOOT_PHASES
    assert body["elapsed_seconds"] >= 0
    order = list(dict.fromkeys(event["check"] for event in events if "check" in event))
    assert [check["name"] for check in body["checks"]] == order
    for check in body["checks"]:
        assert list(check) == ["name", "status", "seconds", "detail", "resolution"]


@given(boots)
def test_the_metrics_can_be_read_by_prometheus(events: list[dict[str, Any]]) -> None:
    """Exactly one state is 1, and every phase and check comes back under its own name, whatever is in it."""
    record = record_of(events)
    states = samples(record, "airlock_state", "state")
    assert list(states) == list(STATES)
    assert [state for state, value in states.items() if value == 1] == [record.state]
    assert sum(states.values()) == 1
    assert samples(record, "airlock_boot_seconds", "phase").keys() == record.phase_seconds().keys()
    assert samples(record, "airlock_check_seconds", "check").keys() == record.checks.keys()


@given(boots)
def test_the_last_word_on_a_check_counts(events: list[dict[str, Any]]) -> None:
    """Failed and unfinished checks are those whose last report says so."""
    record = record_of(events)
    last = {event["check"]: event["status"] for event in events if "check" in event}
    assert {check.name for check in record.failed} == {name for name, status in last.items() if status == "failed"}
    assert {check.name for check in record.unfinished} == {
        name for name, status in last.items() if status in ("running", "waiting")
    }
    assert record.warnings == [event["warning"] for event in events if "warning" in event]


@given(texts)
def test_text_that_is_no_unicode_still_has_a_health_body(text: str) -> None:
    """A file name that is not UTF-8 gets into messages as lone surrogates (PEP 383): they must not end the gate."""
    record = record_of([{"check": text + "\udce9", "status": "failed", "detail": text + "caf\udce9"}])
    (check,) = json.loads(record.health_json())["checks"]
    assert check["detail"].startswith(text + "caf")
    assert record.metrics()


def test_the_seconds_of_a_boot_stop_with_it() -> None:
    """Elapsed seconds grow until the outcome is known; phases add up to them and are measured once."""
    record = Record(time.monotonic() - 10)
    for phase in ("checking", "importing", "waiting", "importing"):
        record.apply({"phase": phase})
    assert record.booting
    assert record.elapsed() >= 10
    assert record.phase_seconds()["starting"] >= 10
    record.enter("ready")
    elapsed = record.elapsed()
    assert not record.booting
    assert abs(sum(record.phase_seconds().values()) - elapsed) < 0.001
    assert list(record.phase_seconds()) == ["starting", "checking", "importing", "waiting"]
    record.enter("draining")
    assert record.elapsed() == elapsed
    assert record.status() == "draining"


def test_a_running_check_shows_the_seconds_so_far() -> None:
    """A check that runs since a while says how long; a concluded one says how long it took."""
    check = Check("import slow", "importing")
    check.began -= 5
    assert check.body()["seconds"] >= 5
    check.status, check.seconds = "ok", 1.25
    assert check.body()["seconds"] == 1.25


def test_a_check_belongs_to_the_phase_that_it_began_in() -> None:
    """A check that waits is still one of the phase where it ran first."""
    record = record_of(
        [
            {"phase": "checking"},
            {"check": "database", "status": "running"},
            {"phase": "waiting"},
            {"check": "database", "status": "waiting", "attempts": 2, "detail": "not yet"},
        ]
    )
    assert record.checks["database"].phase == "checking"
    assert record.checks["database"].attempts == 2
    assert record.state == "waiting"
