"""Custom resources fit the schemas that their projects publish, where Go's module proxy can be reached."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.charts.chart import render
from tests.charts.definitions import GATEWAY, OPERATOR, definition


@pytest.mark.parametrize(("kind", "plural"), [("ServiceMonitor", "servicemonitors"), ("PodMonitor", "podmonitors")])
def test_monitors_fit_their_schema(kind: str, plural: str) -> None:
    """The Prometheus Operator would take them, with every field that can be set."""
    name = kind[0].lower() + kind[1:]
    other = {"ServiceMonitor": "podMonitor", "PodMonitor": "serviceMonitor"}[kind]
    fields: dict[str, Any] = {"interval": "15s", "scrapeTimeout": "5s", "labels": {"a": "b"}}
    fields |= {"relabelings": [{"action": "labeldrop", "regex": "a"}], "metricRelabelings": [{"action": "keep"}]}
    values = {"metrics": {name: {"enabled": True, **fields}, other: {"enabled": False}}}
    _validate(render(values).one(kind), _closed(OPERATOR, plural=plural))


@pytest.mark.parametrize("case", ["default", "everything"])
def test_rules_fit_their_schema(case: str) -> None:
    """The Prometheus Operator would take the alerts."""
    rule = render({"metrics": {"prometheusRule": {"enabled": True}}}, case).one("PrometheusRule")
    _validate(rule, _closed(OPERATOR, plural="prometheusrules"))


@pytest.mark.parametrize(("case", "channel"), [("gateway", "standard"), ("everything", "experimental")])
def test_routes_fit_their_schema(case: str, channel: str) -> None:
    """A Gateway of the standard channel takes the route, and with `sessionPersistence` one of the experimental."""
    _validate(render(case=case).one("HTTPRoute"), _closed(GATEWAY, channel=channel))


def test_the_standard_channel_has_no_session_persistence() -> None:
    """That is why the chart's documentation says so; and the check can fail."""
    with pytest.raises(jsonschema.ValidationError, match="sessionPersistence"):
        _validate(render(case="everything").one("HTTPRoute"), _closed(GATEWAY, channel="standard"))


def _closed(source: tuple[str, str], **names: str) -> dict[str, Any]:
    """The schema of a resource, closed: an unknown field is an error, as for Kubernetes with strict validation."""
    version = next(each for each in definition(source, **names)["spec"]["versions"] if each["name"] == "v1")
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    _close(schema)
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close(each)


def _validate(found: dict[str, Any], schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(found)
