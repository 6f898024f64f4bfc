"""What a real API server says to the chart: with Helm 4, which applies on the server's side, and over upgrades."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest

from tests.charts.alterations import VALUES, renders
from tests.charts.chart import CASES, CHART, NAMESPACE, RELEASE, SPLIT, Object, render
from tests.charts.cluster import APPS, MERGE, Cluster, deployment, environment, token

pytestmark = pytest.mark.timeout(1200)  # the first test may have to build the API server

AUTOSCALED: dict[str, Any] = {**SPLIT, "api": {"autoscaling": {"enabled": True}}}


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_installed_and_upgraded(case: str, cluster: Cluster) -> None:
    """The server takes each object, again when something has changed, and lets the pods in as restricted ones."""
    namespace = NAMESPACE if case == "everything" else cluster.namespace(f"case-{case}")
    values = str(CHART / "ci" / f"{case}-values.yaml")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, "--values", values)
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, "--values", values, "--set", "config.bootTimeout=77")
    for kind in ("deployments", "statefulsets"):
        for workload in cluster.get(f"{APPS}/{namespace}/{kind}")["items"]:
            template = workload["spec"]["template"]
            assert environment(workload)["BOOT_TIMEOUT"] == "77"
            cluster.create(f"/api/v1/namespaces/{namespace}/pods", _pod(template), dry=True)


@pytest.mark.parametrize("key", VALUES)
def test_the_server_takes_every_value(key: str, cluster: Cluster) -> None:
    """Whatever a value changes is still an object that Kubernetes takes; pods are judged above."""
    before, after = renders(key)
    for found in after:
        if found not in before and found["kind"] != "Pod":
            cluster.judge(found)


def test_what_the_server_does_not_take_is_found(cluster: Cluster) -> None:
    """The judgement can fail: an update that could replace no pod is refused."""
    found = render(SPLIT).one("Deployment")
    found["spec"]["strategy"]["rollingUpdate"]["maxSurge"] = 0
    with pytest.raises(AssertionError, match="may not be 0 when `maxSurge` is 0"):
        cluster.judge(found)


def test_a_pod_that_is_not_restricted_is_refused(cluster: Cluster) -> None:
    """The judgement can fail: a namespace that is restricted lets in no pod that may gain privileges."""
    namespace = cluster.namespace("privileged")
    values = {"securityContext": {"allowPrivilegeEscalation": True}}
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, values=values)
    pod = _pod(deployment(cluster, namespace)["spec"]["template"])
    with pytest.raises(AssertionError, match="allowPrivilegeEscalation"):
        cluster.create(f"/api/v1/namespaces/{namespace}/pods", pod, dry=True)


def test_a_generated_token_is_kept_over_upgrades(cluster: Cluster) -> None:
    """It stays when other secrets come and go, is what a dry run shows, and is another in another release."""
    namespace = cluster.namespace("token")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    generated = token(cluster, namespace)
    assert len(generated) == 40
    upgrade = ("upgrade", RELEASE, str(CHART), "-n", namespace, "--reset-values")
    shown = cluster.helm(*upgrade, "--dry-run=server")
    assert base64.b64encode(generated).decode() in shown
    cluster.helm(*upgrade, values={"redis": {"url": "redis://redis:6379/0"}})
    assert token(cluster, namespace) == generated
    cluster.helm(*upgrade)
    assert token(cluster, namespace) == generated
    cluster.helm("install", "other", str(CHART), "-n", namespace)
    assert token(cluster, namespace, "other-airlock") != generated


def test_the_key_of_the_vault_outlives_the_release(cluster: Cluster) -> None:
    """What it decrypts is in a database that outlives it too, and a release of the same name goes on with it."""
    namespace = cluster.namespace("keys")
    values = {"database": {"existingSecret": "mine"}}
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, values=values)
    keys = f"/api/v1/namespaces/{namespace}/secrets/airlock-keys"
    generated = cluster.get(keys)["data"]["SECRET_KEYS"]
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, values={**values, "config": {"demo": False}})
    assert cluster.get(keys)["data"]["SECRET_KEYS"] == generated
    cluster.helm("uninstall", RELEASE, "-n", namespace)
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, values=values)
    assert cluster.get(keys)["data"]["SECRET_KEYS"] == generated


def test_the_migration_comes_before_each_change_and_leaves_nothing(cluster: Cluster) -> None:
    """An installation and an upgrade have one Job each, and afterwards nothing that it needed is there."""
    namespace = cluster.namespace("migration")
    values = {"database": {"url": "postgresql://me:word@host/mail"}, "networkPolicy": {"enabled": True}}
    for verb in ("install", "upgrade"):
        cluster.helm(verb, RELEASE, str(CHART), "-n", namespace, values=values)
    assert list(cluster.jobs.values()).count(namespace) == 2
    kinds = ("api/v1", "secrets"), ("api/v1", "serviceaccounts"), ("apis/batch/v1", "jobs")
    for group, plural in (*kinds, ("apis/networking.k8s.io/v1", "networkpolicies")):
        left = cluster.get(f"/{group}/namespaces/{namespace}/{plural}")["items"]
        assert "airlock-migration" not in [each["metadata"]["name"] for each in left]


def test_a_token_that_was_deleted_is_generated_anew(cluster: Cluster) -> None:
    """An upgrade mends a release whose Secret somebody has removed."""
    namespace = cluster.namespace("deleted")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    generated = token(cluster, namespace)
    cluster.api.delete(f"/api/v1/namespaces/{namespace}/secrets/{RELEASE}").raise_for_status()
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace)
    assert len(token(cluster, namespace)) == 40
    assert token(cluster, namespace) != generated


def test_a_variable_of_ones_own_replaces_the_charts_and_goes_again(cluster: Cluster) -> None:
    """Applied on the server's side a name that comes twice would be an error; here it is there once, all the time."""
    namespace = cluster.namespace("variable")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    own = {"extraEnv": [{"name": "LOG_FORMAT", "value": "text"}, {"name": "OWN", "value": "1"}]}
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, values=own)
    assert environment(deployment(cluster, namespace)).items() >= {"LOG_FORMAT": "text", "OWN": "1"}.items()
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, "--reset-values")
    env = environment(deployment(cluster, namespace))
    assert env["LOG_FORMAT"] == "json"
    assert "OWN" not in env


@pytest.mark.parametrize(
    ("workload", "values"),
    [
        (f"deployments/{RELEASE}", AUTOSCALED),
        (f"statefulsets/{RELEASE}-worker", {**SPLIT, "worker": {"replicas": None}}),
    ],
)
def test_an_upgrade_leaves_the_number_of_pods_to_the_autoscaler(
    workload: str, values: Object, cluster: Cluster
) -> None:
    """What the chart's autoscaler, or one's own, has set stays, and is no conflict."""
    namespace = cluster.namespace(f"autoscaled-{workload.partition('/')[0]}")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, values=values)
    _scale(cluster, namespace, 5, workload)
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, values={**values, "config": {"bootTimeout": 77}})
    assert cluster.get(f"{APPS}/{namespace}/{workload}")["spec"]["replicas"] == 5


def test_an_autoscaler_can_take_over_without_losing_pods(cluster: Cluster) -> None:
    """A number that was set by hand before is left alone when Helm says nothing about it any more."""
    namespace = cluster.namespace("taken-over")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, values={**SPLIT, "api": {"replicas": 3}})
    _scale(cluster, namespace, 4)
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, values=AUTOSCALED)
    assert deployment(cluster, namespace)["spec"]["replicas"] == 4


def test_the_claim_outlives_the_release(cluster: Cluster) -> None:
    """What is kept is kept, and a release of the same name takes it again."""
    namespace = cluster.namespace("claim")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    claim = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{RELEASE}"
    uid = cluster.get(claim)["metadata"]["uid"]
    cluster.helm("uninstall", RELEASE, "-n", namespace)
    assert "deletionTimestamp" not in cluster.get(claim)["metadata"]
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    assert cluster.get(claim)["metadata"]["uid"] == uid


def test_helm_test_runs_a_restricted_pod_and_removes_it(cluster: Cluster) -> None:
    """The server lets the hook's pod in; when that has succeeded, so has `helm test`, and it is gone."""
    namespace = cluster.namespace("hook")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace)
    pods = f"/api/v1/namespaces/{namespace}/pods"
    succeeded = threading.Thread(target=_finish_first, args=(cluster, pods))
    succeeded.start()
    assert "Succeeded" in cluster.helm("test", RELEASE, "-n", namespace, "--timeout", "30s")
    succeeded.join()
    assert cluster.get(pods)["items"] == []


def _scale(cluster: Cluster, namespace: str, replicas: int, workload: str = f"deployments/{RELEASE}") -> None:
    """Does what `kubectl scale` and the autoscaler do."""
    scale = f"{APPS}/{namespace}/{workload}/scale"
    cluster.api.patch(scale, json={"spec": {"replicas": replicas}}, headers=MERGE).raise_for_status()


def _finish_first(cluster: Cluster, pods: str) -> None:
    """Does the kubelet's part: says that the first pod which comes has succeeded."""
    with cluster.api.stream("GET", pods, params={"watch": "1"}) as events:
        next(events.iter_lines())
    (pod,) = cluster.get(pods)["items"]
    path = f"{pods}/{pod['metadata']['name']}/status"
    cluster.api.patch(path, json={"status": {"phase": "Succeeded"}}, headers=MERGE).raise_for_status()


def _pod(template: Object) -> Object:
    return {"metadata": {"name": "one", "labels": template["metadata"]["labels"]}, "spec": template["spec"]}
