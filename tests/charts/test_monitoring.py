"""Alerts that mean something, and monitors that are let in."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.boot import Boot, request
from tests.charts.chart import CHART, render
from tests.charts.promtool import ON, SPLIT, Promtool, rules

POD, WORKER = "airlock-6d5f8c9b7d-x2x4z", "airlock-worker-0"
WORKERS = [WORKER, "airlock-worker-1"]
HOUR = 120  # scrapes
RUNBOOK = (CHART / "RUNBOOK.md").read_text(encoding="utf-8")


@pytest.fixture
def alerts(promtool: str, tmp_path: Path) -> Promtool:
    """The alerts of mode `all`."""
    return Promtool(promtool, tmp_path, rules(ON))


@pytest.fixture
def alerts_of_split(promtool: str, tmp_path: Path) -> Promtool:
    """The alerts of mode `split`."""
    return Promtool(promtool, tmp_path, rules(SPLIT))


def test_a_working_release_is_quiet(alerts_of_split: Promtool) -> None:
    """Nothing fires while pods boot in time, indicators are up and requests are answered."""
    series = {
        _state(POD): f"0 0 1x{HOUR}",
        _state(WORKER): f"0 1x{HOUR}",
        _sample("airlock_indicator_up", POD, indicator="control-plane"): f"1x{HOUR}",
        _sample("airlock_indicator_up", WORKER, indicator="control-plane"): f"1x{HOUR}",
        _sample("airlock_indicator_up", POD, indicator="redis"): "0 1 0 1 0 1 0 1 0 1 0 1",
        _sample("airlock_indicator_age_seconds", WORKER, indicator="control-plane"): f"2x{HOUR}",
        _sample("process_start_time_seconds", POD): f"5x{HOUR}",
        _sample("up", POD): f"1x{HOUR}",
        _sample("airlock_in_flight", POD, kind="request"): f"5x{HOUR}",
        _sample("airlock_drain_seconds_left", POD): "Inf " * HOUR,
        _sample("airlock_cut_off_total", POD, kind="request"): f"0x{HOUR}",
        _sample("airlock_messages_oldest_waiting_seconds", WORKER): f"5x{HOUR}",
        _sample("airlock_sync_lag_seconds", WORKER): f"1800x{HOUR}",
        _sample("airlock_dead_letters", WORKER): f"0x{HOUR}",
        _sample("airlock_accounts", WORKER, state="needs_reauth"): f"0x{HOUR}",
        _sample("airlock_accounts", WORKER, state="well"): f"3x{HOUR}",
        _requests("2xx"): f"0+3000x{HOUR}",
        _requests("5xx"): f"0+1x{HOUR}",
    }
    for after in ("2m", "5m", "30m", "60m"):
        alerts_of_split.firing(series, after=after, expected=[])


def test_a_boot_that_takes_its_time_is_quiet_and_one_that_is_stuck_is_not(alerts: Promtool) -> None:
    """The alert waits for BOOT_TIMEOUT and a minute."""
    series = {_state(POD): f"0x{HOUR}"}
    alerts.firing(series, after="90s", expected=[])
    alerts.firing(series, after="4m", expected=[f"AirlockBootStuck critical {POD}"])


def test_a_pod_that_is_started_again_and_again_is_stuck(alerts: Promtool) -> None:
    """Between two starts it cannot be scraped, and the alert goes on."""
    series = {_state(POD): "0 _ _ _ _ 0 _ _ _ _ _ _ _ _ 0 _ _ _ _ _ _ _ _ _ _ 0"}
    alerts.firing(series, after="8m", expected=["AirlockWorkerSilent critical", f"AirlockBootStuck critical {POD}"])


def test_a_pod_that_nobody_hears_of_is_stuck(alerts: Promtool) -> None:
    """A target that never answers has no state, and is stuck all the same."""
    alerts.firing({_sample("up", POD): f"0x{HOUR}"}, after="4m", expected=[f"AirlockBootStuck critical {POD}"])


def test_a_pod_that_drains_is_not_stuck(alerts: Promtool) -> None:
    """What was ready a moment ago is on its way out."""
    alerts.firing({_state(POD): "1x20 0x6"}, after="13m", expected=[])


def test_readiness_that_comes_and_goes_is_flapping(alerts: Promtool) -> None:
    """A critical indicator that goes up and down, or a process that starts again, is named with its pod."""
    ready = {_state(POD): f"1x{HOUR}"}
    flapping = [f"AirlockReadinessFlapping warning {POD}"]
    indicator = _sample("airlock_indicator_up", POD, indicator="control-plane")
    alerts.firing({**ready, indicator: "1 0 1 1x20"}, after="8m", expected=[])
    alerts.firing({**ready, indicator: "1 0 1 0 1 1x20"}, after="8m", expected=flapping)
    started = _sample("process_start_time_seconds", POD)
    alerts.firing({**ready, started: "1 1 2 2 2 2x20"}, after="8m", expected=[])
    alerts.firing({**ready, started: "1 1 2 2 3 3 4 4x20"}, after="8m", expected=flapping)


def test_a_worker_that_is_down_stale_or_absent_is_silent(alerts_of_split: Promtool) -> None:
    """Down, not measured, or not there: each is the same alert; the API's own indicators do not count."""
    ready = {_state(POD): f"1x{HOUR}", _state(WORKER): f"1x{HOUR}"}
    silent = f"AirlockWorkerSilent critical {WORKER}"
    up = _sample("airlock_indicator_up", WORKER, indicator="control-plane")
    age = _sample("airlock_indicator_age_seconds", WORKER, indicator="control-plane")
    alerts_of_split.firing({**ready, up: "1x8 0x20"}, after="8m", expected=[])
    alerts_of_split.firing({**ready, up: "1x8 0x20"}, after="10m", expected=[silent])
    alerts_of_split.firing({**ready, age: "2x8 300x20"}, after="10m", expected=[silent])
    alerts_of_split.firing({_state(POD): f"1x{HOUR}"}, after="6m", expected=["AirlockWorkerSilent critical"])
    api = _sample("airlock_indicator_up", POD, indicator="control-plane")
    alerts_of_split.firing({**ready, api: f"0x{HOUR}"}, after="10m", expected=[])


def test_mail_that_waits_too_long_is_told_of(alerts_of_split: Promtool) -> None:
    """A message for a quarter of an hour, or a mailbox for an hour; each worker counts all, and it is one alert."""
    ready = {_state(POD): f"1x{HOUR}", _state(WORKER): f"1x{HOUR}", _state("airlock-worker-1"): f"1x{HOUR}"}
    oldest = {_sample("airlock_messages_oldest_waiting_seconds", each): f"0+30x{HOUR}" for each in WORKERS}
    alerts_of_split.firing(ready | oldest, after="15m", expected=[])
    alerts_of_split.firing(ready | oldest, after="21m", expected=["AirlockMailNotProcessed warning"])
    lag = {_sample("airlock_sync_lag_seconds", each): f"3300+30x{HOUR}" for each in WORKERS}
    alerts_of_split.firing(ready | lag, after="9m", expected=[])
    alerts_of_split.firing(ready | lag, after="12m", expected=["AirlockMailNotProcessed warning"])
    busy = {_sample("airlock_messages_oldest_waiting_seconds", WORKER): "0+30x29 0+30x29 0+30x29"}
    alerts_of_split.firing(ready | busy, after="40m", expected=[])


def test_mailboxes_that_need_their_owner_are_told_of(alerts: Promtool) -> None:
    """Only those whose credentials are refused, and not in the moment in which somebody changes them."""
    ready = {_state(POD): f"1x{HOUR}"}
    refused = _sample("airlock_accounts", POD, state="needs_reauth")
    failing = _sample("airlock_accounts", POD, state="failing")
    alerts.firing({**ready, refused: f"0 2x{HOUR}"}, after="14m", expected=[])
    alerts.firing({**ready, refused: f"0 2x{HOUR}"}, after="17m", expected=["AirlockAccountsNeedOwner warning"])
    alerts.firing({**ready, failing: f"2x{HOUR}"}, after="17m", expected=[])


def test_messages_that_were_given_up_are_told_of_until_none_is_left(alerts: Promtool) -> None:
    """One is enough; when it was retried the alert ends."""
    series = {_state(POD): f"1x{HOUR}", _sample("airlock_dead_letters", POD): "0 1x30 0x30"}
    alerts.firing(series, after="4m", expected=[])
    alerts.firing(series, after="10m", expected=["AirlockDeadLetters warning"])
    alerts.firing(series, after="17m", expected=[])


def test_a_drain_that_does_not_finish_is_told_of_after_its_pod_is_gone(alerts: Promtool) -> None:
    """One scrape of a late drain, or of what was cut off, is enough, and the alert lasts for ten minutes."""
    successor = {_state("airlock-6d5f8c9b7d-b7k9m"): f"1x{HOUR}"}
    in_flight = _sample("airlock_in_flight", POD, kind="websocket")
    left = _sample("airlock_drain_seconds_left", POD)
    cut_off = _sample("airlock_cut_off_total", POD, kind="request")
    for late in ({in_flight: "3 3 2 stale", left: "Inf Inf 8 stale"}, {cut_off: "0 0 1 stale"}):
        alerts.firing(successor | late, after="30s", expected=[])
        alerts.firing(successor | late, after="90s", expected=[f"AirlockDrainCutOff warning {POD}"])
        alerts.firing(successor | late, after="9m", expected=[f"AirlockDrainCutOff warning {POD}"])
        alerts.firing(successor | late, after="13m", expected=[])


def test_the_metrics_of_a_real_drain_that_is_cut_off_fire(promtool: str, tmp_path: Path) -> None:
    """What a process has on its management port while it drains is what the alert reads."""
    recorded: dict[str, list[str]] = {}
    scrapes = 0
    env = {"GRACE_PERIOD": "3", "MANAGEMENT_PORT": "0"}
    with Boot({"app": "plain:app"}, folder=tmp_path, env=env) as process:
        management = process.wait_ready().management_port
        with socket.create_connection(("127.0.0.1", process.port)) as client:
            client.sendall(b"GET /slow/20 HTTP/1.1\r\nHost: airlock\r\n\r\n")
            process.wait_for("request began")
            with contextlib.suppress(OSError, http.client.HTTPException):  # the end of the process
                while True:
                    for name, labels, value in _scraped(management):
                        recorded.setdefault(_sample(name, POD, **labels), []).append(value)
                    if scrapes == 0:
                        process.signal()
                    scrapes += 1
                    time.sleep(0.2)
    series = {name: " ".join([*values, "stale"]) for name, values in recorded.items() if "airlock_" in name}
    series[_state("airlock-6d5f8c9b7d-b7k9m")] = f"1x{HOUR}"
    alerts = Promtool(promtool, tmp_path, rules({**ON, "config": {"drainDelay": 0, "gracePeriod": 3}}))
    alerts.firing(series, after="0s", expected=[])
    alerts.firing(series, after=f"{30 * scrapes}s", expected=[f"AirlockDrainCutOff warning {POD}"])


def test_a_drain_that_has_time_left_is_quiet(alerts: Promtool) -> None:
    """Neither what is in flight early in a drain nor a drain that waits for nothing is worth a word."""
    successor = {_state("airlock-6d5f8c9b7d-b7k9m"): f"1x{HOUR}"}
    in_flight = _sample("airlock_in_flight", POD, kind="request")
    left = _sample("airlock_drain_seconds_left", POD)
    alerts.firing({**successor, in_flight: "3 3 2 stale", left: "Inf Inf 20 stale"}, after="2m", expected=[])
    alerts.firing({**successor, in_flight: "3 3 0 stale", left: "Inf Inf 8 stale"}, after="2m", expected=[])


def test_a_drain_is_late_in_the_second_half_of_the_time_after_its_delay() -> None:
    """What is open while traffic goes on, however long that is, is not late."""
    for delay, grace, late in [(5, 30, 12.5), (20, 30, 5), (0, 1, 0.5)]:
        assert _late({"drainDelay": delay, "gracePeriod": grace}) == late
    assert f"{_late({}):g} s by default" in RUNBOOK


def test_errors_that_use_up_the_budget_fire_while_they_last(alerts: Promtool) -> None:
    """One in five is far too many; when the errors have ended the alert does, too."""
    series = {_state(POD): f"1x{HOUR}", _requests("2xx"): f"0+80x{HOUR}", _requests("5xx"): f"0+20x{HOUR}"}
    both = ["AirlockErrorBudgetBurn critical", "AirlockErrorBudgetBurn warning"]
    alerts.firing(series, after="30m", expected=both)
    ended = {**series, _requests("5xx"): "0+20x40 800x60"}
    alerts.firing(ended, after="48m", expected=[])


def test_errors_that_use_up_the_budget_slowly_wake_nobody(alerts: Promtool) -> None:
    """One in twenty is 10 times too many, more than the 6 of the warning and less than the 14.4 of what is critical."""
    series = {_state(POD): f"1x{HOUR}", _requests("2xx"): f"0+95x{HOUR}", _requests("5xx"): f"0+5x{HOUR}"}
    alerts.firing(series, after="14m", expected=[])
    alerts.firing(series, after="30m", expected=["AirlockErrorBudgetBurn warning"])


def test_other_releases_do_not_count(alerts: Promtool) -> None:
    """Pods of a release whose name begins with this one's, and of other namespaces, are theirs."""
    foreign = {
        _state(POD): f"1x{HOUR}",
        _state("airlock-two-6d5f8c9b7d-x2x4z"): f"0x{HOUR}",
        _state(POD).replace('namespace="mail"', 'namespace="other"'): f"0x{HOUR}",
    }
    alerts.firing(foreign, after="10m", expected=[])
    theirs = {_state("airlock-two-6d5f8c9b7d-x2x4z"): f"1x{HOUR}"}
    alerts.firing(theirs, after="10m", expected=["AirlockWorkerSilent critical"])


def test_each_alert_has_a_section_of_the_runbook_and_links_it() -> None:
    """Who is woken up has something to read."""
    values = {"metrics": {"prometheusRule": {"enabled": True, "runbookUrl": "https://example.org/runbook"}}}
    (group,) = rules(values)["groups"]
    sections = re.findall(r"^## (Airlock\w+)$", RUNBOOK, re.MULTILINE)
    assert {rule["alert"] for rule in group["rules"]} == set(sections)
    for rule in group["rules"]:
        assert rule["annotations"]["runbook_url"] == f"https://example.org/runbook#{rule['alert'].lower()}"


@pytest.mark.parametrize(("monitor", "field"), [("serviceMonitor", "endpoints"), ("podMonitor", "podMetricsEndpoints")])
def test_a_monitor_finds_the_management_port_and_has_the_token(monitor: str, field: str) -> None:
    """Prometheus gets the same token as the pods, and asks where `/metrics` is."""
    values = {"metrics": {monitor: {"enabled": True}}, "metricsToken": {"existingSecret": "mine", "key": "token"}}
    objects = render(values)
    found = objects.one(monitor[0].upper() + monitor[1:])["spec"]
    (endpoint,) = found[field]
    assert (endpoint["port"], endpoint["path"]) == ("management", "/metrics")
    assert endpoint["authorization"] == {"type": "Bearer", "credentials": {"name": "mine", "key": "token"}}
    pods = objects.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    service = objects.one("Service", "airlock-management")["metadata"]["labels"]
    labels = service if monitor == "serviceMonitor" else pods
    assert found["selector"]["matchLabels"].items() <= labels.items()


def test_without_a_token_a_monitor_has_none() -> None:
    """No credentials are named that do not exist."""
    values = {"metrics": {"podMonitor": {"enabled": True}}, "metricsToken": {"generate": False}}
    assert "authorization" not in render(values).one("PodMonitor")["spec"]["podMetricsEndpoints"][0]


def _late(config: dict[str, Any]) -> float:
    """From how many seconds on before its end a drain is late, as the alert has it."""
    (group,) = rules({"config": config, **ON})["groups"]
    (expression,) = [rule["expr"] for rule in group["rules"] if rule["alert"] == "AirlockDrainCutOff"]
    return float(expression.rpartition("} < ")[2].split()[0])


def _scraped(port: int) -> list[tuple[str, dict[str, str], str]]:
    """The samples of a scrape: name, labels and value."""
    text = request(port, "GET", "/metrics").body.decode()
    found = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE)
    return [(name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), value) for name, labels, value in found]


def _sample(name: str, pod: str, **labels: str) -> str:
    both = {"namespace": "mail", "pod": pod, **labels}
    return name + "{" + ",".join(f'{label}="{value}"' for label, value in both.items()) + "}"


def _state(pod: str) -> str:
    return _sample("airlock_state", pod, state="ready")


def _requests(status: str) -> str:
    return _sample("http_requests_total", POD, method="GET", route="/", status=status)
