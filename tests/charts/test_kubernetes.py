"""What is rendered is what Kubernetes takes: every case, on every version."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import kubernetes_validate
import pytest

from tests.charts.chart import CASES, CHART, NAMESPACE, helm, render
from tests.charts.pod_security import violations

VERSIONS = [version for version in map(str, kubernetes_validate.utils.all_versions()) if version >= "1.30"]
CUSTOM = ("gateway.networking.k8s.io/v1", "monitoring.coreos.com/v1")


@pytest.mark.parametrize("case", CASES)
def test_lint_finds_nothing(case: str) -> None:
    """Helm's strict lint has neither an error nor a warning."""
    linted = helm("lint", "--strict", str(CHART), "--values", str(CHART / "ci" / f"{case}-values.yaml"))
    assert linted.returncode == 0, linted.stdout
    assert "[WARNING]" not in linted.stdout
    assert "[ERROR]" not in linted.stdout


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_every_object_fits_the_schema_of_its_kind(case: str, version: str) -> None:
    """Every object is valid by Kubernetes' own schema, strictly: no unknown field."""
    for found in render(case=case, version=version):
        if found["apiVersion"] not in CUSTOM:
            kubernetes_validate.validate(found, version, strict=True)


def test_the_schemas_reject_an_unknown_field() -> None:
    """The check of schemas can fail: a field that does not exist is found."""
    broken = copy.deepcopy(render().one("Deployment"))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_a_kubernetes_that_is_too_old_is_refused() -> None:
    """The chart says from which version on it is meant to work."""
    tried = helm("template", "airlock", str(CHART), "--kube-version", "1.29.9")
    assert "requires kubeVersion" in tried.stderr


@pytest.mark.parametrize("case", CASES)
def test_every_object_names_its_namespace(case: str) -> None:
    """No object depends on the namespace of whoever applies it."""
    expected = "mail" if case == "everything" else NAMESPACE
    assert {found["metadata"].get("namespace") for found in render(case=case)} == {expected}


@pytest.mark.parametrize("case", CASES)
def test_no_two_objects_have_the_same_name(case: str) -> None:
    """Nothing is applied twice."""
    names = [(found["apiVersion"], found["kind"], found["metadata"]["name"]) for found in render(case=case)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", CASES)
def test_no_variable_is_there_twice(case: str) -> None:
    """Server-side apply refuses a variable that a container has twice."""
    for _, pod in render(case=case).pods():
        for container in pod["containers"]:
            names = [entry["name"] for entry in container.get("env", ())]
            assert len(names) == len(set(names))


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_started_but_the_image(case: str) -> None:
    """No container has a command but the Job's; the one of `helm test` has arguments for the image's own entrypoint."""
    for kind, pod in render(case=case).pods():
        for container in pod["containers"]:
            if container["image"].rpartition("/")[2].startswith("airlock"):
                assert container.get("command") == (["python", "-m", "service", "migrate"] if kind == "Job" else None)
                assert kind == "Pod" or "args" not in container


@pytest.mark.parametrize("case", CASES)
def test_every_pod_meets_the_restricted_standard(case: str) -> None:
    """Each pod could run in a namespace that enforces the Pod Security Standard "restricted"."""
    objects = render(case=case)
    assert objects.pods()
    assert all(account["automountServiceAccountToken"] is False for account in objects.all("ServiceAccount"))
    for _, pod in objects.pods():
        assert violations(pod) == []
        assert pod["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda pod: pod.update(hostNetwork=True), "hostNetwork is set"),
        (lambda pod: pod["volumes"].append({"name": "x", "hostPath": {"path": "/"}}), "volume x is hostPath"),
        (lambda pod: pod["securityContext"].pop("runAsNonRoot"), "airlock may run as root"),
        (lambda pod: pod["securityContext"].pop("seccompProfile"), "airlock has no seccomp profile"),
        (lambda pod: pod["containers"][0]["securityContext"].pop("capabilities"), "airlock keeps capabilities"),
        (lambda pod: pod["containers"].append({"name": "bare"}), "bare may gain privileges"),
    ],
)
def test_the_rules_of_the_standard_find_what_breaks_them(spoil: Callable[[Any], None], found: str) -> None:
    """The check of the standard can fail: each rule names what breaks it."""
    pod = copy.deepcopy(render().pod())
    spoil(pod)
    assert found in violations(pod)


@pytest.mark.parametrize("case", CASES)
def test_rendering_is_repeatable_but_for_generated_secrets(case: str) -> None:
    """With secrets from elsewhere two renders are the same, so that Argo CD sees no difference."""
    given = {name: {"existingSecret": "mine"} for name in ("metricsToken", "accessToken", "secretKeys")}
    first, second = (
        helm("template", "airlock", str(CHART), "-f", str(CHART / "ci" / f"{case}-values.yaml"), values=given)
        for _ in range(2)
    )
    assert first.stdout == second.stdout
    assert first.returncode == 0
