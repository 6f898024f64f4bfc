"""What runs: modes, times, environment, image."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices

from probes import __version__
from probes.environment import Environment
from service.settings import Settings
from tests.boot import ROOT
from tests.charts.chart import CASES, DATABASE, SPLIT, case_values, render

SECRETS = {
    "ACCESS_TOKEN": "t" * 16,
    "AI_API_KEY": "a-key",
    "DATABASE_URL": "postgresql://host/mail",
    "GOOGLE_CLIENT_SECRET": "a-secret",
    "METRICS_TOKEN": "a-token",
    "OIDC_CLIENT_SECRET": "a-secret",
    "REDIS_URL": "redis://host",
    "SECRET_KEYS": "k" * 32,
    "WORKER_NAME": "airlock-worker-0",
}
"""What Secrets may hold, and the name of a pod."""


def test_mode_all_is_one_deployment_that_does_both() -> None:
    """As it is, one pod is both API and worker."""
    objects = render()
    assert "StatefulSet" not in objects.kinds()
    assert objects.one("Deployment")["spec"]["replicas"] == 1
    assert "WORKER_MODE" not in objects.env()


def test_mode_split_has_an_api_and_a_worker() -> None:
    """The Deployment serves the API only, and the StatefulSet, whose pods keep their names, works only."""
    objects = render(SPLIT)
    assert objects.env("Deployment")["WORKER_MODE"] == "false"
    assert objects.env("StatefulSet")["WORKER_MODE"] == "true"
    assert objects.env("StatefulSet")["WORKER_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert objects.container("Deployment")["image"] == objects.container("StatefulSet")["image"]
    governing = objects.one("StatefulSet")["spec"]["serviceName"]
    assert objects.one("Service", governing)["spec"]["clusterIP"] == "None"


def test_both_modes_have_the_same_deployment_selector() -> None:
    """A release can change its mode: a Deployment's selector cannot be changed."""
    selectors = [render(values).one("Deployment")["spec"]["selector"] for values in ({}, SPLIT)]
    assert selectors[0] == selectors[1]


@pytest.mark.parametrize("case", CASES)
def test_selectors_find_their_pods_and_no_others(case: str) -> None:
    """Each workload's selector fits its own pods only, the traffic Service fits the API's, the other one all."""
    objects = render(case=case)
    workloads = [*objects.all("Deployment"), *objects.all("StatefulSet")]
    templates = [workload["spec"]["template"]["metadata"]["labels"] for workload in workloads]
    templates += [pod["metadata"]["labels"] for pod in objects.all("Pod")]
    for workload in workloads:
        selector = workload["spec"]["selector"]["matchLabels"]
        assert [labels for labels in templates if selector.items() <= labels.items()] == [
            workload["spec"]["template"]["metadata"]["labels"]
        ]
    for service in objects.all("Service"):
        selector = service["spec"]["selector"]
        fitting = [labels for labels in templates if selector.items() <= labels.items()]
        assert len(fitting) == (len(workloads) if service["metadata"]["name"].endswith("-management") else 1)


def test_the_embedded_database_is_on_a_claim() -> None:
    """As it is, the one pod has its data on a volume, which the old pod releases before the new one starts."""
    objects = render()
    assert objects.one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert objects.env()["DATA_DIR"] == "/var/lib/airlock"
    claim = objects.one("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert {"name": "data", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}} in objects.pod()[
        "volumes"
    ]


@pytest.mark.parametrize("values", [DATABASE, SPLIT, {"persistence": {"enabled": False}}])
def test_without_a_claim_a_new_pod_is_ready_before_the_old_one_goes(values: dict[str, Any]) -> None:
    """With a database elsewhere, or with nothing to keep, no pod has to wait for a volume."""
    objects = render(values)
    assert "PersistentVolumeClaim" not in objects.kinds()
    assert objects.one("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert {"name": "data", "emptyDir": {"sizeLimit": "256Mi"}} in objects.pod()["volumes"]


def test_a_claim_beside_a_database_is_possible() -> None:
    """Maildirs may be on it, say; then one pod goes before the other comes, too."""
    objects = render({**DATABASE, "persistence": {"enabled": True}})
    assert objects.one("Deployment")["spec"]["strategy"] == {"type": "Recreate"}
    assert objects.one("PersistentVolumeClaim")


_seconds = st.one_of(st.integers(1, 2000), st.floats(0.5, 2000).map(lambda number: round(number, 1)))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(boot=_seconds, grace=_seconds, period=st.integers(1, 30), delay=st.integers(0, 60))
def test_the_times_of_the_pod_follow_those_of_the_gate(boot: float, grace: float, period: int, delay: int) -> None:
    """The startup probe outlasts the boot, the kubelet's grace the gate's, and the rollout the startup probe."""
    config = {"bootTimeout": boot, "gracePeriod": grace, "drainDelay": 0}
    startup = {"periodSeconds": period, "initialDelaySeconds": delay}
    objects = render({"config": config, "probes": {"startup": startup}})
    probe = objects.container()["startupProbe"]
    given_up = delay + (probe["failureThreshold"] - 1) * period
    assert boot + 10 <= given_up or probe["failureThreshold"] == 1
    assert given_up >= boot
    assert given_up < max(boot + 10, delay) + 2 * period + 1
    assert grace + 5 <= objects.pod()["terminationGracePeriodSeconds"] < grace + 6
    assert objects.one("Deployment")["spec"]["progressDeadlineSeconds"] > given_up + period
    assert float(objects.env()["BOOT_TIMEOUT"]) == boot
    assert float(objects.env()["GRACE_PERIOD"]) == grace


def test_probes_ask_on_the_management_port() -> None:
    """Readiness decides when the boot is over, and liveness asks the application's own event loop."""
    container = render().container()
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    assert asked == {
        "startup": {"path": "/health", "port": "management"},
        "readiness": {"path": "/health", "port": "management"},
        "liveness": {"path": "/healthz", "port": "management"},
    }
    assert {"name": "management", "containerPort": 8001} in container["ports"]


def test_a_probe_can_be_another_one() -> None:
    """Another handler takes the place of the chart's, and a probe can be left out."""
    probes = {"liveness": {"extra": {"tcpSocket": {"port": "http"}}}, "readiness": {"enabled": False}}
    container = render({"probes": probes}).container()
    assert container["livenessProbe"]["tcpSocket"] == {"port": "http"}
    assert "httpGet" not in container["livenessProbe"]
    assert "readinessProbe" not in container


@pytest.mark.parametrize("case", CASES)
def test_the_gate_and_the_service_take_every_variable(case: str) -> None:
    """What the chart sets is known to the gate or to the service, and is usable."""
    objects = render(case=case)
    for kind in {"Deployment", "StatefulSet", "Job"} & set(objects.kinds()):
        env = {
            name: SECRETS.get(name, "") if isinstance(value, dict) else value
            for name, value in objects.env(kind).items()
        }
        ours = {entry["name"] for entry in case_values(case).get("extraEnv", ())} | {"ROLE"}
        given = {name: value for name, value in env.items() if name not in ours}
        Environment(given)
        known = {entry for field in Settings.model_fields.values() for entry in _variables(field.validation_alias)}
        gate = set(re.findall(r"`([A-Z_]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
        assert set(given) <= known | gate
        Settings.model_validate({name: value for name, value in given.items() if name in known})


def test_every_setting_of_the_service_can_be_set() -> None:
    """The case "everything" sets each by a value; the commit is the image's own, and nothing stands in for Google."""
    objects = render(case="everything")
    settings = {_variables(field.validation_alias)[0] for field in Settings.model_fields.values()}
    left = {"AIRLOCK_COMMIT", "GMAIL_API_URL", "GOOGLE_ISSUER"}
    assert settings - set(objects.env()) - set(objects.env("StatefulSet")) == left
    own = [*case_values("everything")["extraEnv"], *case_values("everything")["api"]["extraEnv"]]
    assert settings & {entry["name"] for entry in own} == set()


def _variables(alias: object) -> list[str]:
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]


def test_the_workers_drain_does_not_wait_for_load_balancers() -> None:
    """A worker has no traffic, so nobody has to notice that it goes."""
    objects = render(SPLIT)
    assert objects.env("Deployment")["DRAIN_DELAY"] == "5"
    assert objects.env("StatefulSet")["DRAIN_DELAY"] == "0"


def test_the_last_variable_of_a_name_wins() -> None:
    """A pod's own variable replaces the shared one, and that the chart's, in the order in which they may be used."""
    values = {
        **SPLIT,
        "extraEnv": [{"name": "LOG_FORMAT", "value": "text"}, {"name": "A", "value": "1"}],
        "api": {"extraEnv": [{"name": "A", "value": "2"}, {"name": "B", "value": "$(A)"}]},
    }
    objects = render(values)
    assert objects.env()["LOG_FORMAT"] == "text"
    assert list(objects.env().items())[-2:] == [("A", "2"), ("B", "$(A)")]
    assert objects.env("StatefulSet")["A"] == "1"


def test_large_numbers_stay_whole() -> None:
    """A number from YAML does not come out as 1e+08."""
    assert render({"config": {"maxBodySize": 100000000}}).env()["MAX_BODY_SIZE"] == "100000000"


@pytest.mark.parametrize(
    ("image", "overall", "expected"),
    [
        ({}, "", f"airlock:{__version__}"),
        ({"tag": "main"}, "", "airlock:main"),
        ({"registry": "r.example.org", "repository": "a/b"}, "", f"r.example.org/a/b:{__version__}"),
        ({"registry": "r.example.org", "tag": "main"}, "m.example.org", "m.example.org/airlock:main"),
        ({"digest": "sha256:" + "0" * 64, "tag": "main"}, "", "airlock@sha256:" + "0" * 64),
    ],
)
def test_the_image_is_the_one_that_is_named(image: dict[str, str], overall: str, expected: str) -> None:
    """Registry, repository, tag and digest make the name; by default it is this version."""
    assert render({"image": image, "global": {"imageRegistry": overall}}).container()["image"] == expected


def test_the_platform_may_choose_the_user() -> None:
    """Where the user is null (OpenShift) it is not in the pod, and nothing else is lost."""
    context = render(case="openshift").pod()["securityContext"]
    assert context == {
        "runAsNonRoot": True,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_pods_are_spread_softly() -> None:
    """By default pods of one kind keep apart where that is possible; an empty list ends that."""
    spread = render(SPLIT).pod("StatefulSet")["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert {each["whenUnsatisfiable"] for each in spread} == {"ScheduleAnyway"}
    own: dict[str, Any] = {"api": {"topologySpreadConstraints": []}}
    assert "topologySpreadConstraints" not in render(own).pod()


def test_names_stay_short_enough() -> None:
    """The longest name of a release still makes names that Kubernetes takes."""
    objects = render({**SPLIT, "fullnameOverride": "x" * 63})
    assert all(len(found["metadata"]["name"]) <= 57 for found in objects)


def test_what_goes_through_tpl_knows_the_release() -> None:
    """Fields of one's own may name the release: none of the templates in the case "everything" is left over."""
    objects = [found for found in render(case="everything") if found["kind"] not in ("PrometheusRule", "ConfigMap")]
    assert "{{" not in str(objects)
    assert render(case="everything").one("ConfigMap", "airlock-text")
