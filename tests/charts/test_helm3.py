"""Helm 3 does with the chart what Helm 4 does, and hands a release over to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts import helm3
from tests.charts.chart import CASES, CHART, RELEASE, Object, helm
from tests.charts.cluster import Cluster, deployment, environment, token

FIXED: dict[str, Any] = {name: {"value": 32 * "k"} for name in ("metricsToken", "accessToken", "secretKeys")}
"""What is generated differs from render to render."""


@pytest.fixture(scope="session")
def old(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Helm 3.18."""
    cache = getattr(pytestconfig, "cache", None)
    return helm3.find(cache.mkdir("helm3") if cache else tmp_path_factory.mktemp("helm3"))


def test_it_is_helm_3(old: str) -> None:
    """The program is what it is taken for, and finds nothing to say about the chart."""
    assert helm("version", "--short", program=old).stdout.startswith("v3.18")
    linted = helm("lint", "--strict", str(CHART), program=old)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("case", CASES)
def test_both_render_the_same(case: str, old: str) -> None:
    """There is no difference, to the letter."""
    values = str(CHART / "ci" / f"{case}-values.yaml")
    rendered = [
        helm("template", RELEASE, str(CHART), "--values", values, values=FIXED, program=program)
        for program in (old, "helm")
    ]
    assert rendered[0].returncode == 0, rendered[0].stderr
    assert rendered[0].stdout == rendered[1].stdout


def test_helm_3_refuses_with_the_same_sentence(old: str) -> None:
    """A value that is misspelt is named, and so is one that contradicts another."""
    bad: dict[str, Object] = {"confg": {"confg": {}}, "set mode=split to have more": {"api": {"replicas": 2}}}
    for words, values in bad.items():
        refused = helm("template", RELEASE, str(CHART), values=values, program=old)
        assert refused.returncode != 0
        assert words in refused.stderr


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("side", ["auto", "true"])
def test_a_release_of_helm_3_goes_on_with_helm_4(side: str, old: str, cluster: Cluster) -> None:
    """Installed and upgraded by the one, upgraded by the other, however that applies: the token stays."""
    namespace = cluster.namespace(f"old-{side}")
    cluster.helm("install", RELEASE, str(CHART), "-n", namespace, program=old)
    generated = token(cluster, namespace)
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, values={"config": {"bootTimeout": 70}}, program=old)
    assert token(cluster, namespace) == generated
    values = {"config": {"bootTimeout": 71}, "extraEnv": [{"name": "LOG_FORMAT", "value": "text"}]}
    cluster.helm("upgrade", RELEASE, str(CHART), "-n", namespace, f"--server-side={side}", values=values)
    assert token(cluster, namespace) == generated
    found = environment(deployment(cluster, namespace))
    assert found.items() >= {"LOG_FORMAT": "text", "BOOT_TIMEOUT": "71"}.items()
