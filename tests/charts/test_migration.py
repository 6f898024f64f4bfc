"""The Job that brings the schema up to date before pods are changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.chart import CASES, DATABASE, SPLIT, Object, Objects, render

URL: Object = {**DATABASE, "database": {"url": "postgresql://me:word@host/mail"}}
HOOK = {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}


@pytest.mark.parametrize(
    ("values", "there"),
    [
        ({}, False),
        (DATABASE, True),
        (SPLIT, True),
        ({**SPLIT, "migrations": {"enabled": False}}, False),
        ({**SPLIT, "config": {"contract": "/contract.toml"}}, False),
        ({**SPLIT, "config": {"contract": "/contract.toml"}, "migrations": {"enabled": True}}, True),
    ],
)
def test_there_is_a_job_where_there_is_a_database(values: dict[str, Any], there: bool) -> None:
    """The embedded one is migrated by its pod; an application of one's own is asked to say so."""
    assert ("Job" in render(values).kinds()) is there


def test_the_job_runs_the_images_own_command_once() -> None:
    """It starts no service, ends by itself, is given up before Helm gives up, and is tried again."""
    objects = render(DATABASE)
    job, container = objects.one("Job")["spec"], objects.container("Job")
    assert container["command"] == ["python", "-m", "service", "migrate"]
    assert container["image"] == objects.container()["image"]
    assert not {"ports", "startupProbe", "readinessProbe", "livenessProbe"} & set(container)
    assert objects.pod("Job")["restartPolicy"] == "Never"
    assert job["activeDeadlineSeconds"] < 300  # what `helm --timeout` is by default
    assert job["backoffLimit"] > 0


def test_all_that_the_job_needs_is_there_before_the_release() -> None:
    """Secret, account and rules for the network are hooks as it is, earlier ones, and go with it."""
    objects = render({**URL, "networkPolicy": {"enabled": True}})
    hooks = {each["kind"]: each["metadata"]["annotations"] for each in _hooks(objects)}
    assert set(hooks) == {"Job", "Secret", "ServiceAccount", "NetworkPolicy"}
    for found in hooks.values():
        assert found.items() >= HOOK.items()
    assert all(_weight(hooks[kind]) < _weight(hooks["Job"]) for kind in hooks if kind != "Job")
    assert objects.pod("Job")["serviceAccountName"] == "airlock-migration"


def test_what_is_made_elsewhere_is_used_as_it_is() -> None:
    """With a Secret and an account of one's own the Job alone is a hook."""
    objects = render({**DATABASE, "serviceAccount": {"create": False, "name": "mine"}})
    assert [each["kind"] for each in _hooks(objects)] == ["Job"]
    assert objects.pod("Job")["serviceAccountName"] == objects.pod()["serviceAccountName"] == "mine"


def test_the_job_has_the_settings_of_the_pods() -> None:
    """Each plain variable is the same; which part of the service a pod is says nothing to it."""
    pods, job = render(SPLIT).env(), render(SPLIT).env("Job")
    plain = {name: value for name, value in pods.items() if isinstance(value, str)}
    del plain["WORKER_MODE"]
    assert {name: value for name, value in job.items() if isinstance(value, str)} == plain


def test_nothing_takes_the_job_for_a_pod_of_the_service() -> None:
    """No Service, workload, monitor, budget or rule of the release selects it, and its own rule selects it alone."""
    objects = render({"metrics": {"serviceMonitor": {"enabled": False}, "podMonitor": {"enabled": True}}}, "everything")
    job = objects.one("Job")["spec"]["template"]["metadata"]["labels"]
    pods = objects.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    selecting = 0
    for each in objects:
        spec = each.get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector") or {}
        labels = selector.get("matchLabels", selector)
        if labels and each["metadata"]["name"].endswith("-migration"):
            assert labels.items() <= job.items()
            assert not labels.items() <= pods.items()
        elif labels:
            selecting += 1
            assert not labels.items() <= job.items(), each["kind"]
    assert selecting >= 6


def test_the_jobs_way_out_is_the_database_alone() -> None:
    """Nobody reaches it, and of what the pods reach it reaches names, the database and what is named besides."""
    policy = render(case="everything").one("NetworkPolicy", "mail-migration")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    assert [[port["port"] for port in rule["ports"]] for rule in policy["egress"]] == [[53, 53], [5433], [443]]


@pytest.mark.parametrize("case", CASES)
def test_hooks_need_nothing_of_the_release(case: str) -> None:
    """Whatever its pod names is a hook too, or made elsewhere: else an installation would wait for ever."""
    objects = render(case=case)
    later = {each["metadata"]["name"] for each in objects if each not in _hooks(objects)}
    for job in objects.all("Job"):
        pod = job["spec"]["template"]["spec"]
        named = {pod["serviceAccountName"]} | {volume.get("configMap", {}).get("name") for volume in pod["volumes"]}
        named |= {value["secretKeyRef"]["name"] for value in objects.env("Job").values() if "secretKeyRef" in value}
        assert named & later == set()


def _hooks(objects: Objects) -> list[Object]:
    return [
        each for each in objects if "pre-install" in each["metadata"].get("annotations", {}).get("helm.sh/hook", "")
    ]


def _weight(annotations: dict[str, str]) -> int:
    return int(annotations["helm.sh/hook-weight"])
