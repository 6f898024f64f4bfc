"""Another value for each one that the chart has, and what is rendered with it."""

from __future__ import annotations

import copy
import functools
from typing import Any

from charts.values_table import CHART, Value, values
from tests.charts.chart import DATABASE, SPLIT, Objects, render

VALUES = {value.key: value for value in values((CHART / "values.yaml").read_text(encoding="utf-8"))}

# What has to hold for a value to matter, by the beginning of its key; all that fit are taken, in this order.
NEEDS: list[tuple[str, dict[str, Any]]] = [
    ("", {"metricsToken": {"value": "given"}, "accessToken": {"value": "sixteen-letters-"}}),
    ("mode", DATABASE),
    ("metricsToken.key", {"metricsToken": {"existingSecret": "mine"}}),
    ("metricsToken.generate", {"metricsToken": {"value": ""}}),
    ("accessToken.key", {"accessToken": {"existingSecret": "mine"}}),
    ("accessToken.generate", {"accessToken": {"value": ""}}),
    ("database", {"secretKeys": {"existingSecret": "mine"}}),
    ("database.key", DATABASE),
    ("secretKeys", {"database": {"existingSecret": "mine"}, "secretKeys": {"value": "k" * 32}}),
    ("secretKeys.key", {"secretKeys": {"existingSecret": "mine"}}),
    ("secretKeys.generate", {"secretKeys": {"value": ""}}),
    ("migrations", DATABASE),
    ("config.ai", {"config": {"ai": {"baseUrl": "https://ai.example.org/v1", "model": "one"}}}),
    ("ai", {"config": {"ai": {"baseUrl": "https://ai.example.org/v1", "model": "one"}}}),
    ("ai.apiKey.key", {"ai": {"apiKey": {"existingSecret": "mine"}}}),
    ("signIn.googleClientSecret.key", {"signIn": {"googleClientSecret": {"existingSecret": "mine"}}}),
    ("signIn.oidcClientSecret.key", {"signIn": {"oidcClientSecret": {"existingSecret": "mine"}}}),
    ("config.signIn", {"config": {"signIn": {"baseUrl": "https://a.example.org", "allowedDomains": ["example.org"]}}}),
    ("redis.key", {"redis": {"existingSecret": "mine"}}),
    ("worker", SPLIT),
    ("worker.podDisruptionBudget", {"worker": {"replicas": 3}}),
    ("api.podDisruptionBudget", {**SPLIT, "api": {"replicas": 3}}),
    ("api.replicas", SPLIT),
    ("api.autoscaling", {**SPLIT, "api": {"autoscaling": {"enabled": True}}}),
    ("scratch.dataSizeLimit", {"persistence": {"enabled": False}}),
    ("api.maxSurge", {"persistence": {"enabled": False}}),
    ("service.nodePort", {"service": {"type": "NodePort"}}),
    ("service.externalTrafficPolicy", {"service": {"type": "NodePort"}}),
    ("service.loadBalancerSourceRanges", {"service": {"type": "LoadBalancer"}}),
    ("ingress", {"ingress": {"enabled": True, "hosts": [{"host": "a"}]}}),
    ("httpRoute", {"httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}}),
    ("httpRoute.sessionPersistence", {"httpRoute": {"sessionAffinity": "persistence"}}),
    ("networkPolicy", {"networkPolicy": {"enabled": True}, "redis": {"existingSecret": "mine"}, **DATABASE}),
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
    "config.maildirRoots": ["/mail"],
    "config.ai.baseUrl": "https://elsewhere.example.org/v1",
    "config.signIn.baseUrl": "https://elsewhere.example.org",
    "config.signIn.oidcIssuer": "https://id.example.org",
    "config.gmail.redirectUri": "https://a.example.org/auth/callback/gmail",
    "config.signIn.googleRedirectUri": "https://a.example.org/auth/callback/google",
    "config.signIn.oidcRedirectUri": "https://a.example.org/auth/callback/oidc",
    "config.signIn.allowedUsers": ["ann@example.org"],
    "config.signIn.allowedDomains": ["example.net"],
    "redis.url": "redis://elsewhere",
    "database.url": "postgresql://elsewhere/mail",
    "secretKeys.value": "c" * 32,
    "accessToken.value": "changed-" * 2,
    "migrations.enabled": False,
    "networkPolicy.dnsPorts": [5353],
    "networkPolicy.imapPorts": [1143],
    "persistence.enabled": False,
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
    "podSecurityContext.seccompProfile": {"type": "Localhost", "localhostProfile": "changed"},
    "podSecurityContext.extra": {"supplementalGroups": [1]},
    "securityContext.extra": {"privileged": False},
    "probes.startup.extra": {"terminationGracePeriodSeconds": 9},
    "probes.readiness.extra": {"successThreshold": 1},
    "probes.liveness.extra": {"terminationGracePeriodSeconds": 9},
    "service.loadBalancerSourceRanges": ["192.0.2.0/24"],
    "service.extra": {"publishNotReadyAddresses": True},
    "securityContext.capabilities": {"add": ["NET_BIND_SERVICE"]},
    "service.type": "LoadBalancer",
    "service.nodePort": 30081,
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
    "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "changed", "namespace": "mail"}}],
    "api.resources": {"limits": {"memory": "1Gi"}},
    "migrations.resources": {"limits": {"memory": "1Gi"}},
    "worker.resources": {"limits": {"memory": "1Gi"}},
    "api.topologySpreadConstraints": [],
    "worker.topologySpreadConstraints": [],
}

# Objects of Kubernetes', by the last part of their key.
_CONTAINER = {"name": "changed", "image": "changed"}
_RELABELING = {"action": "labeldrop", "regex": "changed"}
OBJECTS: dict[str, Any] = {
    "affinity": {"podAntiAffinity": {}},
    "behavior": {"scaleUp": {"stabilizationWindowSeconds": 1}},
    "extraEgress": [{"ports": [{"port": 993}]}],
    "extraEnvFrom": [{"secretRef": {"name": "changed"}}],
    "extraGroups": [{"name": "changed", "rules": []}],
    "extraIngress": [{"ports": [{"port": 993}]}],
    "extraVolumeMounts": [{"name": "tmp", "mountPath": "/changed"}],
    "extraVolumes": [{"name": "changed", "emptyDir": {}}],
    "filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "changed"}}],
    "imagePullSecrets": [{"name": "changed"}],
    "initContainers": [_CONTAINER],
    "metricRelabelings": [_RELABELING],
    "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Value", "averageValue": "1"}}}],
    "parentRefs": [{"name": "changed"}],
    "relabelings": [_RELABELING],
    "sessionPersistence": {"sessionName": "changed"},
    "sidecars": [_CONTAINER],
    "timeouts": {"request": "1s"},
    "tolerations": [{"key": "changed", "operator": "Exists"}],
}


def renders(key: str) -> tuple[Objects, Objects]:
    """The objects where the value of this key matters, and those that another value makes."""
    base: dict[str, Any] = {}
    for beginning, needed in NEEDS:
        if key.startswith(beginning):
            base = _merged(base, needed)
    other = _nested(VALUES[key].path, _other(VALUES[key], base))
    return render(base), render(_merged(base, other))


def _other(value: Value, base: dict[str, Any]) -> Any:
    if value.key in CHANGES:
        return CHANGES[value.key]
    if value.path[-1] in OBJECTS:
        return OBJECTS[value.path[-1]]
    default = value.default
    if isinstance(default, bool):
        around = functools.reduce(lambda node, key: node.get(key, {}), value.path[:-1], base)
        return not around.get(value.path[-1], default)
    if isinstance(default, int | float):
        return default + 1
    if isinstance(default, str):
        return "changed"
    if isinstance(default, list):
        return ["changed"]
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
