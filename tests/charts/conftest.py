"""Everything here needs Helm 4."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.charts import apiserver, promtool
from tests.charts.backing import Backing
from tests.charts.chart import NAMESPACE, helm
from tests.charts.cluster import Cluster
from tests.charts.definitions import GATEWAY, OPERATOR, definition
from tests.image.build import build
from tests.image.conftest import revision
from tests.lacking import lack

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test: the one that IMAGE names, or one built from this tree."""
    return os.environ.get("IMAGE") or build("airlock:test", "--build-arg", f"REVISION={revision()}")


@pytest.fixture(scope="session")
def backing() -> Iterator[Backing]:
    """PostgreSQL and Redis, for all the tests of a run."""
    with Backing() as running:
        yield running


@pytest.fixture(scope="session", name="promtool")
def promtool_program(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Prometheus's tool for rules."""
    cache = getattr(pytestconfig, "cache", None)
    return promtool.find(cache.mkdir("promtool") if cache else tmp_path_factory.mktemp("promtool"))


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server that knows the custom resources of the chart."""
    cache = getattr(pytestconfig, "cache", None)
    programs = apiserver.find(cache.mkdir("apiserver") if cache else tmp_path_factory.mktemp("apiserver"))
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    with Cluster(tmp_path_factory.mktemp("cluster"), *programs) as running:
        for plural in ("servicemonitors", "podmonitors", "prometheusrules"):
            running.create(definitions, definition(OPERATOR, plural=plural))
        running.create(definitions, definition(GATEWAY, channel="experimental"))
        for number, name in enumerate(("low", "high")):
            running.create("/apis/scheduling.k8s.io/v1/priorityclasses", {"metadata": {"name": name}, "value": number})
        running.create("/apis/node.k8s.io/v1/runtimeclasses", {"metadata": {"name": "gvisor"}, "handler": "runsc"})
        for namespace in (NAMESPACE, "changed"):
            running.namespace(namespace)
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what runs Helm."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.helm)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without Helm its tests are skipped, except in CI, where they fail."""
    if item.get_closest_marker("helm") and (reason := _helm_missing()):
        lack("helm", reason)


@functools.cache
def _helm_missing() -> str | None:
    """Why there is no Helm 4 to use, or None."""
    if shutil.which("helm") is None:
        return "needs Helm 4: there is no `helm` command"
    version = helm("version", "--short").stdout.strip()
    return None if version.startswith("v4.") else f"needs Helm 4: `helm` is {version}"
