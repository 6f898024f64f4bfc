"""Prometheus's own tool for rules."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.charts import chart, debian

Rules = dict[str, Any]
ON: dict[str, Any] = {"metrics": {"prometheusRule": {"enabled": True}}}
SPLIT: dict[str, Any] = {**ON, **chart.SPLIT}


class Promtool:
    """Checks `rules`, the `spec` of a PrometheusRule, in a folder of its own."""

    def __init__(self, program: str, folder: Path, rules: Rules) -> None:
        self._program = program
        self._folder = folder
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules))

    def check(self) -> str:
        """What the check of the rules says; raises AssertionError when it finds something."""
        return self._run("check", "rules", "rules.yaml")

    def firing(self, series: dict[str, str], *, after: str, expected: list[str]) -> None:
        """Raises AssertionError unless these alerts, `NAME SEVERITY POD`, fire when `series` was scraped every 30 s."""
        labels = [dict(zip(("alertname", "severity", "pod"), words.split(), strict=False)) for words in expected]
        samples = [{"labels": _labels(each), "value": 1} for each in labels]
        firing = 'max by (alertname, severity, pod) (ALERTS{alertstate="firing"})'
        test = {
            "rule_files": ["rules.yaml"],
            "evaluation_interval": "30s",
            "tests": [
                {
                    "interval": "30s",
                    "input_series": [{"series": name, "values": values} for name, values in series.items()],
                    "promql_expr_test": [{"expr": firing, "eval_time": after, "exp_samples": samples}],
                }
            ],
        }
        (self._folder / "test.yaml").write_text(yaml.safe_dump(test))
        self._run("test", "rules", "test.yaml")

    def _run(self, *arguments: str) -> str:
        run = subprocess.run([self._program, *arguments], cwd=self._folder, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout


def rules(values: dict[str, Any], case: str = "default") -> Rules:
    """What the chart's PrometheusRule asks for."""
    found: Rules = chart.render(values, case).one("PrometheusRule")["spec"]
    return found


def find(folder: Path) -> str:
    """The program, kept in `folder`; the test lacks it where it cannot be had."""
    return debian.find("promtool", "prometheus", folder)


def _labels(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
