"""What alerts and the dashboard ask Prometheus is understood by it, and is there."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from string import Template
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.charts.chart import CHART, render
from tests.charts.promtool import ON, SPLIT, Promtool, rules
from tests.service.process import start

DASHBOARD = (CHART / "dashboards" / "airlock.json").read_text(encoding="utf-8")
PANELS: list[dict[str, Any]] = json.loads(DASHBOARD)["panels"]
VARIABLES = {"namespace": "mail", "pod": ".+", "__rate_interval": "1m"}  # what Grafana would put there
PROMETHEUS_OWN = {"up"}
TARGET = {"namespace", "pod"}  # labels that Prometheus adds


@pytest.mark.parametrize("case", ["everything", "default"])
def test_prometheus_takes_the_rules_and_their_texts(case: str, promtool: str, tmp_path: Path) -> None:
    """Expressions and templates of the annotations are valid."""
    assert "SUCCESS" in Promtool(promtool, tmp_path, rules(ON, case)).check()


def test_prometheus_takes_the_expressions_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    """Each is valid with what Grafana puts in place of its variables, and has no others."""
    recorded = [
        {"record": f"panel_{panel['id']}_{target['refId']}", "expr": Template(target["expr"]).substitute(VARIABLES)}
        for panel in PANELS
        for target in panel["targets"]
    ]
    checked = Promtool(promtool, tmp_path, {"groups": [{"name": "dashboard", "rules": recorded}]}).check()
    assert f"SUCCESS: {len(recorded)} rules" in checked


def test_every_sample_that_is_asked_for_is_there() -> None:
    """The service really has a sample with the name and the labels' values of each selector of alerts and dashboard."""
    asked = _selectors(DASHBOARD.replace('\\"', '"'))
    for group in rules(SPLIT)["groups"]:
        for rule in group["rules"]:
            asked |= _selectors(rule["expr"])
    with start(SOCKETIO_MAX_SESSIONS="1", TRUSTED_PROXIES="127.0.0.1") as boot:
        boot.wait_ready()
        comes = partial(boot.get, "/socket.io/?EIO=4&transport=polling")
        answered = [comes(X_Forwarded_For=f"198.51.100.{number}").status for number in range(2)]
        assert answered == [200, 503]  # the second session is one too many
        text = boot.get("/metrics").body.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    for name, matchers in asked:
        labels = [sample.labels for sample in samples if sample.name == name]
        found = [each for each in labels if all(re.fullmatch(value, each.get(key, "")) for key, value in matchers)]
        assert found or name in PROMETHEUS_OWN, f"there is no {name} with {matchers}"


def test_the_dashboard_is_the_one_of_the_file() -> None:
    """The ConfigMap carries the file as it is, and every panel says what it shows."""
    assert render(case="everything").one("ConfigMap", "mail-dashboard")["data"]["airlock.json"] == DASHBOARD
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]
        assert panel["targets"]


def _selectors(expression: str) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """The metrics in an expression, with the labels that are the service's and a pattern for the value of each."""
    return {
        (
            name,
            tuple(
                (label, value if tilde else re.escape(value)) for label, tilde, value in found if label not in TARGET
            ),
        )
        for name, matchers in re.findall(r"([a-z_]+)\{([^}]*)\}", expression)
        if (found := re.findall(r'(\w+)=(~?)"([^"]*)"', matchers))
    }
