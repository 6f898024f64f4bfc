"""Who reaches what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.chart import render

POLLING: dict[str, Any] = {"mode": "split", "api": {"replicas": 2}}


def test_traffic_and_management_have_services_of_their_own() -> None:
    """No load balancer ever reaches the management port, and pods that are not ready are found there too."""
    objects = render({"service": {"type": "LoadBalancer"}})
    traffic, management = objects.one("Service", "airlock"), objects.one("Service", "airlock-management")
    assert [port["targetPort"] for port in traffic["spec"]["ports"]] == ["http"]
    assert [port["targetPort"] for port in management["spec"]["ports"]] == ["management"]
    assert traffic["spec"]["type"] == "LoadBalancer"
    assert "type" not in management["spec"]
    assert management["spec"]["publishNotReadyAddresses"] is True


def test_an_ingress_can_keep_clients_on_their_pod() -> None:
    """ingress-nginx reads annotations of the Ingress, Traefik those of the Service."""
    ingress = {"enabled": True, "hosts": [{"host": "mail.example.org"}]}
    nginx = render({**POLLING, "ingress": {**ingress, "sessionAffinity": "nginx"}})
    assert nginx.one("Ingress")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    traefik = render({**POLLING, "ingress": {**ingress, "sessionAffinity": "traefik"}})
    sticky = traefik.one("Service", "airlock")["metadata"]["annotations"]
    assert sticky["traefik.ingress.kubernetes.io/service.sticky.cookie"] == "true"
    assert "annotations" not in traefik.one("Ingress")["metadata"]


def test_websockets_alone_need_no_affinity() -> None:
    """The case "gateway" has several pods and no affinity, because its clients do not poll."""
    objects = render(case="gateway")
    assert objects.env()["SOCKETIO_TRANSPORTS"] == "websocket"
    assert "sessionPersistence" not in objects.one("HTTPRoute")["spec"]["rules"][0]


def test_a_route_can_keep_clients_on_their_pod() -> None:
    """`persistence` is Gateway API's own way."""
    rule = render(case="everything").one("HTTPRoute")["spec"]["rules"][0]
    assert rule["sessionPersistence"] == {"type": "Cookie", "sessionName": "airlock"}


def test_an_ingress_host_without_paths_has_all_of_them() -> None:
    """A host alone is enough."""
    rule = render(case="scaled").one("Ingress")["spec"]["rules"][0]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [("/", "Prefix")]


def test_the_policy_lets_in_and_out_what_is_named() -> None:
    """Traffic and metrics are let in from their namespaces only; DNS, Redis and what is named are let out."""
    policy = render(case="hardened").one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    sources = {
        rule["ports"][0]["port"]: [
            expression["values"]
            for peer in rule["from"]
            for expression in peer.get("namespaceSelector", {}).get("matchExpressions", ())
        ]
        for rule in policy["ingress"]
    }
    assert sources == {"http": [["ingress"]], "management": [["monitoring"]]}
    assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53], [6379], [993]]


def test_without_redis_the_policy_has_no_way_to_it() -> None:
    """What is not configured is not open."""
    policy = render({"networkPolicy": {"enabled": True}}).one("NetworkPolicy")["spec"]
    assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53]]


@pytest.mark.parametrize("mode", ["all", "split"])
def test_helm_test_asks_the_services(mode: str) -> None:
    """The test's pod asks the API through its Service, and the worker by its stable name, with our own image."""
    objects = render({"mode": mode})
    pod = objects.one("Pod")
    asked = {container["name"]: container["args"] for container in pod["spec"]["containers"]}
    expected = {"api": ["health", "http://airlock.mail.svc:80/health"]}
    if mode == "split":
        expected["worker"] = ["health", "http://airlock-worker-0.airlock-management.mail.svc:8001/health"]
    assert asked == expected
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert {container["image"] for container in pod["spec"]["containers"]} == {objects.container()["image"]}
