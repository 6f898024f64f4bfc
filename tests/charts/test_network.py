"""Who reaches what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.chart import DATABASE, SPLIT, render

CLOSED: dict[str, Any] = {"networkPolicy": {"enabled": True}}
POLLING: dict[str, Any] = {**SPLIT, "api": {"replicas": 2}}


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
    """Traffic and metrics are let in from their namespaces only; DNS, database, Redis and what is named are let out."""
    policy = render(case="hardened").one("NetworkPolicy", "airlock")["spec"]
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
    assert _ways_out(policy) == [[53, 53], [5432], [993], [6379]]


def test_dns_is_reached_where_its_pods_listen() -> None:
    """Ports are compared after a Service's is replaced by its pod's, 5353 on OpenShift; TCP is for long answers."""
    policy = render(case="openshift").one("NetworkPolicy", "airlock")["spec"]
    ways = [(each["port"], each["protocol"]) for each in policy["egress"][0]["ports"]]
    assert ways == [(53, "UDP"), (53, "TCP"), (5353, "UDP"), (5353, "TCP")]


def test_what_is_not_configured_is_not_open() -> None:
    """Without Redis and without a database there is no way to either."""
    policy = render(CLOSED).one("NetworkPolicy", "airlock")["spec"]
    assert _ways_out(policy) == [[53, 53]]


@pytest.mark.parametrize(("values", "component"), [({}, "api"), (SPLIT, "worker")])
def test_only_pods_that_work_reach_mail_servers_and_the_model(values: dict[str, Any], component: str) -> None:
    """The API of mode `split` has no way to them; a mail server or a model elsewhere is one more port."""
    policy = render({**values, **CLOSED}).one("NetworkPolicy", "airlock-mail")["spec"]
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == component
    assert _ways_out(policy) == [[143, 993]]


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://ai.example.org/v1", 443),
        ("http://ollama/v1", 80),
        ("http://ollama:11434/v1", 11434),
        ("http://[fd00::1]:8080/v1", 8080),
        ("http://[fd00::1]/v1", 80),
    ],
)
def test_the_way_to_the_model_is_the_port_of_its_address(url: str, port: int) -> None:
    """A port in the address counts, else that of its scheme."""
    values = {**CLOSED, "config": {"ai": {"baseUrl": url, "model": "one"}}}
    assert _ways_out(render(values).one("NetworkPolicy", "airlock-mail")["spec"]) == [[143, 993, port]]


def test_who_works_reaches_gmail_where_google_is_set_up() -> None:
    """It is where mailboxes are, and not only where people sign in."""
    sign_in = {"googleClientId": "mail", "baseUrl": "https://mail.example.org", "allowedUsers": ["ann@example.org"]}
    values = {**SPLIT, **CLOSED, "config": {"signIn": sign_in}, "signIn": {"googleClientSecret": {"value": "secret"}}}
    policy = render(values).one("NetworkPolicy", "airlock-mail")["spec"]
    assert _ways_out(policy) == [[143, 993, 443]]


def test_only_the_api_reaches_the_providers_of_sign_in() -> None:
    """Google is at 443, another provider where its address says; without any there is no rule."""
    policy = render(case="everything").one("NetworkPolicy", "mail-sign-in")["spec"]
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "api"
    assert _ways_out(policy) == [[443, 8443]]
    assert "airlock-sign-in" not in str(render(CLOSED))


def test_without_mail_servers_and_model_there_is_no_rule_for_them() -> None:
    """An empty list of ports is none, and not every port."""
    policies = render({"networkPolicy": {"enabled": True, "imapPorts": []}}).all("NetworkPolicy")
    assert [policy["metadata"]["name"] for policy in policies] == ["airlock"]


@pytest.mark.parametrize("mode", ["all", "split"])
def test_helm_test_asks_the_services(mode: str) -> None:
    """The test's pod asks the API through its Service, and the worker by its stable name, with our own image."""
    objects = render({**DATABASE, "mode": mode})
    pod = objects.one("Pod")
    asked = {container["name"]: container["args"] for container in pod["spec"]["containers"]}
    expected = {"api": ["health", "http://airlock.mail.svc:80/health"]}
    if mode == "split":
        expected["worker"] = ["health", "http://airlock-worker-0.airlock-management.mail.svc:8001/health"]
    assert asked == expected
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert {container["image"] for container in pod["spec"]["containers"]} == {objects.container()["image"]}


def _ways_out(policy: dict[str, Any]) -> list[list[int]]:
    return [[port["port"] for port in rule["ports"]] for rule in policy["egress"]]
