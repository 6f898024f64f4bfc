"""How many there are, and who keeps them there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.chart import SPLIT, render
from tests.charts.promtool import ON


def test_the_autoscaler_has_the_number_of_pods_to_itself() -> None:
    """With an autoscaler the Deployment says nothing about replicas, or every upgrade would scale back."""
    objects = render(case="scaled")
    assert "replicas" not in objects.one("Deployment")["spec"]
    scaler = objects.one("HorizontalPodAutoscaler")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 12)
    assert scaler["scaleTargetRef"]["name"] == objects.one("Deployment")["metadata"]["name"]


def test_an_autoscaler_of_ones_own_has_the_number_of_workers_to_itself() -> None:
    """With null the StatefulSet says nothing about replicas; one worker is counted on, by the alert and by the test."""
    objects = render({**SPLIT, **ON, "worker": {"replicas": None}})
    assert "replicas" not in objects.one("StatefulSet")["spec"]
    assert objects.all("PodDisruptionBudget") == []
    assert "absent(airlock_state" in str(objects.one("PrometheusRule"))
    assert [each["name"] for each in objects.one("Pod")["spec"]["containers"]] == ["api", "worker"]


def test_a_release_without_workers_misses_none() -> None:
    """With 0 nobody is woken up because there is no worker, and the test asks none."""
    objects = render({**SPLIT, **ON, "worker": {"replicas": 0}})
    assert objects.one("StatefulSet")["spec"]["replicas"] == 0
    assert "absent(airlock_state" not in str(objects.one("PrometheusRule"))
    assert [each["name"] for each in objects.one("Pod")["spec"]["containers"]] == ["api"]


@pytest.mark.parametrize(
    ("values", "budgets"),
    [
        ({}, []),
        (SPLIT, []),
        ({**SPLIT, "api": {"replicas": 2}}, ["airlock-api"]),
        ({**SPLIT, "api": {"replicas": 2}, "worker": {"replicas": 2}}, ["airlock-api", "airlock-worker"]),
        ({**SPLIT, "api": {"autoscaling": {"enabled": True}}}, ["airlock-api"]),
        ({**SPLIT, "api": {"replicas": 5, "autoscaling": {"enabled": True, "minReplicas": 1}}}, []),
        ({**SPLIT, "api": {"replicas": 2, "podDisruptionBudget": {"enabled": False}}}, []),
    ],
)
def test_a_budget_is_made_for_more_than_one_pod(values: dict[str, Any], budgets: list[str]) -> None:
    """A single pod has no budget, which would nail it to its node; the autoscaler's minimum counts, not `replicas`."""
    assert [each["metadata"]["name"] for each in render(values).all("PodDisruptionBudget")] == budgets


def test_a_budget_names_one_number() -> None:
    """`minAvailable` takes the place of `maxUnavailable`."""
    values = {**SPLIT, "api": {"replicas": 3, "podDisruptionBudget": {"minAvailable": "50%"}}}
    spec = render(values).one("PodDisruptionBudget")["spec"]
    assert spec["minAvailable"] == "50%"
    assert "maxUnavailable" not in spec
