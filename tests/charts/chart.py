"""Rendering the chart, and finding one's way in what comes out."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import yaml

from tests.boot import ROOT

CHART = ROOT / "charts" / "airlock"
CASES = sorted(file.name.removesuffix("-values.yaml") for file in (CHART / "ci").glob("*-values.yaml"))
"""The cases of ci/, by name."""

RELEASE, NAMESPACE = "airlock", "mail"
Object = dict[str, Any]
DATABASE: Object = {
    "database": {"existingSecret": "airlock-database"},
    "secretKeys": {"existingSecret": "airlock-keys"},
}
SPLIT: Object = {"mode": "split", **DATABASE}
"""The least that mode `split` needs."""


def helm(*arguments: str, values: Object | None = None, program: str = "helm") -> subprocess.CompletedProcess[str]:
    """Run Helm; `values` are given to it as a file of values."""
    given = ["--values", "-"] if values is not None else []
    return subprocess.run([program, *arguments, *given], input=json.dumps(values), capture_output=True, text=True)


def render(values: Object | None = None, case: str = "default", version: str = "1.35") -> Objects:
    """The objects of a case of ci/ with `values` over it, for a version of Kubernetes."""
    return Objects(yaml.safe_load_all(_rendered(json.dumps(values or {}), case, version)))


def render_image(image: str, values: Object | None = None) -> Objects:
    """The objects as they are with this image, and with `values` over that."""
    repository, tag = image.rsplit(":", 1) if ":" in image else (image, "latest")
    return render({"image": {"repository": repository, "tag": tag}, **(values or {})})


def refusal(values: Object, case: str = "default") -> str:
    """What Helm says about values that are refused. Raises AssertionError when it takes them."""
    return _refused(json.dumps(values), case)


def case_values(case: str) -> Object:
    """The values of a case of ci/."""
    loaded: Object = yaml.safe_load((CHART / "ci" / f"{case}-values.yaml").read_text(encoding="utf-8"))
    return loaded


class Objects(list[Object]):
    """What was rendered."""

    def __init__(self, documents: Iterator[Any]) -> None:
        super().__init__(document for document in documents if document)

    def kinds(self) -> list[str]:
        """The kind of each."""
        return [found["kind"] for found in self]

    def all(self, kind: str) -> list[Object]:
        """Those of a kind."""
        return [found for found in self if found["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> Object:
        """The only one of a kind, or the one of that name."""
        found = [each for each in self.all(kind) if name in (None, each["metadata"]["name"])]
        assert len(found) == 1, f"{len(found)} of {kind} {name or ''} in {self.kinds()}"
        return found[0]

    def pod(self, kind: str = "Deployment") -> Object:
        """The pod spec of the only object of that kind."""
        return _pod(self.one(kind))

    def container(self, kind: str = "Deployment", name: str | None = None) -> Object:
        """The container of that name in that pod, or its main one."""
        names = (name,) if name else ("airlock", "migration")
        found: Object = next(each for each in self.pod(kind)["containers"] if each["name"] in names)
        return found

    def env(self, kind: str = "Deployment", name: str | None = None) -> dict[str, Any]:
        """Its environment: texts, or where they come from."""
        env = self.container(kind, name).get("env", ())
        return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in env}

    def pods(self) -> list[tuple[str, Object]]:
        """The kind and pod spec of everything that has one."""
        return [(each["kind"], _pod(each)) for each in self if _has_pod(each)]


def _pod(found: Object) -> Object:
    spec: Object = found["spec"].get("template", found)["spec"]
    return spec


def _has_pod(found: Object) -> bool:
    return found["kind"] in ("Deployment", "StatefulSet", "Pod", "Job")


def _template(case: str, version: str) -> tuple[str, ...]:
    file = str(CHART / "ci" / f"{case}-values.yaml")
    return ("template", RELEASE, str(CHART), "-n", NAMESPACE, "--kube-version", version, "--values", file)


@functools.lru_cache(maxsize=512)
def _rendered(values: str, case: str, version: str) -> str:
    rendered = helm(*_template(case, version), values=json.loads(values))
    assert rendered.returncode == 0, rendered.stderr
    return rendered.stdout


@functools.lru_cache(maxsize=512)
def _refused(values: str, case: str) -> str:
    tried = helm(*_template(case, "1.35"), values=json.loads(values))
    assert tried.returncode != 0, f"{values} was rendered"
    return tried.stderr
