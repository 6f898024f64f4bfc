"""Every value that is documented does something, and every one that is accepted is documented."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from charts.values_table import CHART, Value, values
from tests.charts.chart import render

VALUES = {value.key: value for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}

# What has to hold for a value to matter, by the beginning of its key; all that fit are taken, in this order.
NEEDS: list[tuple[str, dict[str, Any]]] = [
    ("", {"metricsToken": {"value": "given"}}),
    ("metricsToken.key", {"metricsToken": {"existingSecret": "mine"}}),
    ("metricsToken.generate", {"metricsToken": {"value": ""}}),
    ("redis.key", {"redis": {"existingSecret": "mine"}}),
    ("worker", {"mode": "split"}),
    ("worker.podDisruptionBudget", {"worker": {"replicas": 3}}),
    ("api.podDisruptionBudget", {"mode": "split", "api": {"replicas": 3}}),
    ("api.replicas", {"mode": "split"}),
    ("api.autoscaling", {"mode": "split", "api": {"autoscaling": {"enabled": True}}}),
    ("persistence", {"persistence": {"enabled": True}}),
    ("ingress", {"ingress": {"enabled": True, "hosts": [{"host": "a"}]}}),
    ("httpRoute", {"httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}}),
    ("httpRoute.sessionPersistence", {"httpRoute": {"sessionAffinity": "persistence"}}),
    ("networkPolicy", {"networkPolicy": {"enabled": True}, "redis": {"existingSecret": "mine"}}),
    ("metrics.serviceMonitor", {"metrics": {"serviceMonitor": {"enabled": True}}}),
    ("metrics.podMonitor", {"metrics": {"podMonitor": {"enabled": True}}}),
    ("metrics.prometheusRule", {"metrics": {"prometheusRule": {"enabled": True}}}),
    ("metrics.dashboard", {"metrics": {"dashboard": {"enabled": True}}}),
]

# Where another value of the same type would not be accepted, or would be the same.
CHANGES: dict[str, Any] = {
    "mode": "split",
    "image.digest": "sha256:" + "0" * 64,
    "image.pullPolicy": "Always",
    "config.port": 9000,
    "config.drainDelay": 6,
    "config.logFormat": "text",
    "config.socketio.transports": ["websocket"],
    "redis.url": "redis://elsewhere",
    "api.maxSurge": 2,
    "api.podDisruptionBudget.minAvailable": 1,
    "worker.podDisruptionBudget.minAvailable": 1,
    "api.autoscaling.targetMemory": 80,
    "probes.startup.failureThreshold": 99,
    "probes.startup.path": "/changed",
    "probes.readiness.path": "/changed",
    "probes.liveness.path": "/changed",
    "terminationGracePeriodSeconds": 99,
    "terminationMessagePolicy": "File",
    "persistence.accessModes": ["ReadWriteMany"],
    "persistence.size": "2Gi",
    "scratch.tmpSizeLimit": "1Gi",
    "scratch.dataSizeLimit": "1Gi",
    "podSecurityContext.runAsUser": None,
    "podSecurityContext.runAsGroup": None,
    "podSecurityContext.fsGroup": None,
    "podSecurityContext.fsGroupChangePolicy": "Always",
    "podSecurityContext.seccompProfile": {"type": "Localhost"},
    "securityContext.capabilities": {"add": ["NET_BIND_SERVICE"]},
    "service.type": "LoadBalancer",
    "service.nodePort": 30080,
    "service.sessionAffinity": "ClientIP",
    "service.ipFamilyPolicy": "SingleStack",
    "service.ipFamilies": ["IPv6"],
    "service.externalTrafficPolicy": "Local",
    "ingress.sessionAffinity": "nginx",
    "httpRoute.sessionAffinity": "persistence",
    "metrics.serviceMonitor.interval": "7s",
    "metrics.serviceMonitor.scrapeTimeout": "7s",
    "metrics.podMonitor.interval": "7s",
    "metrics.podMonitor.scrapeTimeout": "7s",
    "metrics.prometheusRule.objective": 90,
    "ingress.hosts": [{"host": "b"}],
    "ingress.tls": [{"secretName": "changed"}],
    "extraEnv": [{"name": "A", "value": "1"}],
    "api.extraEnv": [{"name": "A", "value": "1"}],
    "worker.extraEnv": [{"name": "A", "value": "1"}],
    "extraPodSpec": {"hostname": "changed"},
    "extraObjects": [{"kind": "Changed"}],
    "api.resources": {"limits": {"memory": "1Gi"}},
    "worker.resources": {"limits": {"memory": "1Gi"}},
    "api.topologySpreadConstraints": [],
    "worker.topologySpreadConstraints": [],
}

# Lists of objects, by the last part of their key; all others are lists of words.
OBJECTS = (
    *("metrics", "relabelings", "metricRelabelings", "tolerations", "parentRefs", "filters", "extraIngress"),
    *("extraEgress", "extraGroups", "extraEnvFrom", "extraVolumes", "extraVolumeMounts", "initContainers"),
    *("sidecars", "imagePullSecrets"),
)


@pytest.mark.parametrize("key", VALUES)
def test_every_value_changes_what_is_rendered(key: str) -> None:
    """No value is dead: another one makes other objects."""
    base: dict[str, Any] = {}
    for beginning, needed in NEEDS:
        if key.startswith(beginning):
            base = _merged(base, needed)
    changed = _merged(base, _nested(VALUES[key].path, _other(VALUES[key], base)))
    assert list(render(base)) != list(render(changed))


def test_the_schema_and_the_values_name_the_same_keys() -> None:
    """Each key that the schema accepts is in values.yaml with a comment, and each one there is in the schema."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    accepted = set(_leaves(schema, schema, ()))
    documented = {value.path for value in VALUES.values()}
    assert {path for path in documented if not _accepts(path, accepted)} == set()
    assert {path for path in accepted if not _accepts(path, documented)} == set()


def test_the_schema_is_closed_but_for_free_maps() -> None:
    """A map of named keys takes no others; what parent charts put into `global` is theirs."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    named = [(path, node) for path, node in _maps(schema, ()) if "properties" in node]
    assert len(named) > 30
    assert [path for path, node in named if node.get("additionalProperties") is not False] == [("properties", "global")]


def _other(value: Value, base: dict[str, Any]) -> Any:
    if value.key in CHANGES:
        return CHANGES[value.key]
    default = value.default
    if isinstance(default, bool):
        around = functools.reduce(lambda node, key: node.get(key, {}), value.path[:-1], base)
        return not around.get(value.path[-1], default)
    if isinstance(default, int | float):
        return default + 1
    if isinstance(default, str):
        return "changed"
    if isinstance(default, list):
        return [{"name": "changed"}] if value.path[-1] in OBJECTS else ["changed"]
    assert isinstance(default, dict), f"{value.key} needs a line in CHANGES"
    return {"changed": "changed"}


def _nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    result: dict[str, Any] = value
    return result


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _leaves(schema: dict[str, Any], node: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    if "properties" not in node:
        yield path
    for key, child in node.get("properties", {}).items():
        yield from _leaves(schema, child, (*path, key))


def _accepts(path: tuple[str, ...], others: set[tuple[str, ...]]) -> bool:
    """Whether it is one of the others, or one is a map of which the other is a part."""
    return any(path[: len(other)] == other or other[: len(path)] == path for other in others)


def _maps(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, child in node.items():
            yield from _maps(child, (*path, key))
