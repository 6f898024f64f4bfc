"""Values that contradict each other, or that do not exist, end with a sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.charts.chart import CHART, SPLIT, refusal

STICKY: dict[str, Any] = {**SPLIT, "api": {"replicas": 2}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"api": {"replicas": 2}}, "api.replicas is 2, but mode=all has exactly one pod"),
    ({"api": {"replicas": 0}}, "api.replicas is 0, but mode=all has exactly one pod"),
    ({"api": {"autoscaling": {"enabled": True}}}, "api.autoscaling.enabled needs mode=split"),
    ({"mode": "split"}, "set database.existingSecret (or database.url) to a PostgreSQL"),
    ({**SPLIT, "persistence": {"enabled": True}}, "persistence.enabled needs mode=all"),
    ({"migrations": {"enabled": True}}, "migrations.enabled needs database.existingSecret or database.url"),
    ({"config": {"ai": {"baseUrl": "https://ai.example.org/v1"}}}, "config.ai.baseUrl is set without config.ai.model"),
    ({"config": {"signIn": {"oidcIssuer": "https://id.example.org"}}}, "config.signIn names a provider"),
    ({"config": {"ai": {"model": "one"}}}, "config.ai.model and ai.apiKey need config.ai.baseUrl"),
    ({"ai": {"apiKey": {"existingSecret": "mine"}}}, "config.ai.model and ai.apiKey need config.ai.baseUrl"),
    ({"config": {"port": 8001}}, "config.port and config.managementPort are both 8001"),
    ({"config": {"drainDelay": 30}}, "config.drainDelay is 30, which leaves nothing of config.gracePeriod (30)"),
    ({"terminationGracePeriodSeconds": 34}, "terminationGracePeriodSeconds is 34, but config.gracePeriod (30)"),
    ({"probes": {"startup": {"failureThreshold": 30}}}, "probes.startup gives up after 58 s"),
    ({"extraEnv": [{"name": "GRACE_PERIOD", "value": "90"}]}, "extraEnv sets GRACE_PERIOD"),
    ({"extraEnv": [{"name": "PORT", "value": "90"}]}, "set config.port instead"),
    ({"extraEnv": [{"name": "MANAGEMENT_PORT", "value": "90"}]}, "set config.managementPort instead"),
    ({"extraEnv": [{"name": "BOOT_TIMEOUT", "value": "90"}]}, "set config.bootTimeout instead"),
    ({"extraEnv": [{"name": "DRAIN_DELAY", "value": "9"}]}, "set config.drainDelay instead"),
    ({"extraEnv": [{"name": "DATABASE_URL", "value": "sqlite:////a"}]}, "set database.existingSecret or database.url"),
    ({"api": {"extraEnv": [{"name": "WORKER_MODE", "value": "true"}]}}, "set mode instead"),
    ({"extraPodSpec": {"volumes": []}}, "extraPodSpec sets volumes, which the chart sets already"),
    (
        {**SPLIT, "api": {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}},
        "api.autoscaling.minReplicas (9) is more than maxReplicas (3)",
    ),
    (
        {**SPLIT, "api": {"autoscaling": {"enabled": True, "targetCPU": None}}},
        "api.autoscaling is enabled without anything to go by",
    ),
    (
        {**SPLIT, "api": {"autoscaling": {"enabled": True}, "resources": {"requests": {"cpu": None}}}},
        "set api.resources.requests.cpu",
    ),
    (
        {**SPLIT, "worker": {"replicas": 2, "podDisruptionBudget": {"minAvailable": 2}}},
        "worker.podDisruptionBudget.minAvailable is 2 of at least 2 pods",
    ),
    ({"service": {"nodePort": 30080}}, "service.nodePort needs service.type=NodePort or LoadBalancer"),
    ({"service": {"externalTrafficPolicy": "Local"}}, "service.externalTrafficPolicy needs service.type=NodePort or"),
    (
        {"service": {"type": "NodePort", "loadBalancerSourceRanges": ["192.0.2.0/24"]}},
        "service.loadBalancerSourceRanges needs service.type=LoadBalancer",
    ),
    ({"service": {"ipFamilies": ["IPv4", "IPv6"]}}, "set service.ipFamilyPolicy to PreferDualStack"),
    ({"ingress": {"enabled": True}}, "ingress.enabled needs at least one entry in ingress.hosts"),
    ({"httpRoute": {"enabled": True}}, "httpRoute.enabled needs the Gateway in httpRoute.parentRefs"),
    ({**STICKY, "ingress": {"enabled": True, "hosts": [{"host": "a"}]}}, "set ingress.sessionAffinity to nginx"),
    (
        {
            **SPLIT,
            "api": {"autoscaling": {"enabled": True, "minReplicas": 1}},
            "ingress": {"enabled": True, "hosts": [{"host": "a"}]},
        },
        "several API pods with Socket.IO polling need session affinity",
    ),
    ({**STICKY, "httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}}, "set httpRoute.sessionAffinity to"),
    (
        {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
        "metrics.serviceMonitor and metrics.podMonitor are both enabled",
    ),
    ({"extraVolumes": [{"name": '{{ printf "%c" 39 }} ['}]}, "the pod of the api is not YAML"),
]


@pytest.mark.parametrize(("values", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_a_contradiction_ends_with_its_sentence(values: dict[str, Any], sentence: str) -> None:
    """Each contradiction is refused, with the words that say which values and what to do."""
    assert sentence in refusal(values)


def test_every_sentence_of_the_templates_is_tested() -> None:
    """No `fail` of the templates is without its case here."""
    said = [refusal(values) for values, _ in REFUSED]
    written = "".join(file.read_text(encoding="utf-8") for file in CHART.glob("templates/**/*.*"))
    sentences = re.findall(r'fail (?:\(printf )?"([^"]+)"', written)
    assert len(sentences) == written.count("fail ")
    for sentence in sentences:
        part = max(re.split(r"%[a-z%]", sentence), key=len)
        assert any(part in words for words in said), sentence


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"replicas": 2}, "replicas"),
        ({"api": {"replicaCount": 2}}, "replicaCount"),
        ({"config": {"bootTimeOut": 2}}, "bootTimeOut"),
        ({"config": {"socketio": {"transport": []}}}, "transport"),
        ({"api": {"autoscaling": {"min": 2}}}, "min"),
        ({"probes": {"startup": {"httpGet": {}}}}, "httpGet"),
        ({"metrics": {"serviceMonitor": {"enable": True}}}, "enable"),
        ({"ingress": {"hosts": [{"host": "a", "path": "/"}]}}, "path"),
        ({"extraEnv": [{"name": "A", "vlaue": "1"}]}, "vlaue"),
    ],
)
def test_a_key_that_does_not_exist_is_named(values: dict[str, Any], key: str) -> None:
    """A typo is refused, on every level, and the message names it."""
    assert f"additional properties '{key}' not allowed" in refusal(values)


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"mode": "both"}, "/mode"),
        ({"config": {"port": 80}}, "/config/port"),
        ({"config": {"logFormat": "xml"}}, "/config/logFormat"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"redis": {"url": "localhost:6379"}}, "/redis/url"),
        ({"metricsToken": {"value": "two words"}}, "/metricsToken/value"),
        ({"database": {"url": "sqlite:////var/lib/airlock/mail.sqlite"}}, "/database/url"),
        ({"database": {"url": "postgresql://me:two words@host/mail"}}, "/database/url"),
        ({"secretKeys": {"value": "k" * 31}}, "/secretKeys/value"),
        ({"secretKeys": {"value": "k" * 32 + ",short"}}, "/secretKeys/value"),
        ({"accessToken": {"value": "k" * 15}}, "/accessToken/value"),
        ({"accessToken": {"value": "k" * 16 + ",k"}}, "/accessToken/value"),
        ({"config": {"maildirRoots": ["mail"]}}, "/config/maildirRoots/0"),
        ({"config": {"ai": {"baseUrl": "ai.example.org"}}}, "/config/ai/baseUrl"),
        ({"config": {"maxMessageSize": 9999}}, "/config/maxMessageSize"),
        ({"networkPolicy": {"dnsPorts": []}}, "/networkPolicy/dnsPorts"),
        ({"api": {"replicas": "2"}}, "/api/replicas"),
        ({"api": {"maxSurge": 0}}, "/api/maxSurge"),
        ({"api": {"maxSurge": "0%"}}, "/api/maxSurge"),
        ({"api": {"podDisruptionBudget": {"maxUnavailable": 0}}}, "/api/podDisruptionBudget/maxUnavailable"),
        ({"api": {"podDisruptionBudget": {"minAvailable": "100%"}}}, "/api/podDisruptionBudget/minAvailable"),
        ({"fullnameOverride": "Mail_X"}, "/fullnameOverride"),
        ({"nameOverride": "9mail"}, "/nameOverride"),
        ({"podSecurityContext": {"runAsUser": 0}}, "/podSecurityContext/runAsUser"),
    ],
)
def test_a_value_that_is_not_usable_is_named(values: dict[str, Any], path: str) -> None:
    """What a key cannot be is refused with the path to it."""
    assert f"at '{path}'" in refusal(values)
