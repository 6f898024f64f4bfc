"""What Helm says after an installation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.chart import CHART, DATABASE, SPLIT, helm


def notes(values: dict[str, Any]) -> str:
    """The notes of an installation with these values."""
    tried = helm("install", "airlock", str(CHART), "-n", "mail", "--dry-run=client", values=values)
    assert tried.returncode == 0, tried.stderr
    return tried.stdout.partition("NOTES:")[2]


def test_the_notes_name_the_next_commands() -> None:
    """Who has installed it can paste what comes next, and is not warned of anything."""
    said = notes({})
    assert "kubectl --namespace mail rollout status deployment/airlock\n" in said
    assert "helm test airlock --namespace mail\n" in said
    assert "port-forward service/airlock 8080:80" in said
    assert "WARNING" not in said


def test_the_notes_tell_how_to_read_the_access_token() -> None:
    """The command names the Secret and the key that have it, wherever they come from; without any the log has it."""
    said = notes({})
    assert "get secret airlock --output 'go-template={{ index .data \"ACCESS_TOKEN\" | base64decode }}'" in said
    said = notes({"accessToken": {"existingSecret": "mine", "key": "token"}})
    assert "get secret mine --output 'go-template={{ index .data \"token\" | base64decode }}'" in said
    assert "logs deployment/airlock | grep token" in notes({"accessToken": {"generate": False}})


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({"persistence": {"enabled": False}}, True),
        (DATABASE, False),
        ({**DATABASE, "persistence": {"enabled": False}}, False),
    ],
)
def test_the_notes_warn_of_what_is_lost_with_the_pod(values: dict[str, Any], warned: bool) -> None:
    """An embedded database without a volume ends with its pod; one that is elsewhere does not."""
    said = notes(values)
    assert ("mail has to be fetched and stored again" in said) is warned
    assert said.count("WARNING") == warned


def test_the_notes_name_the_address() -> None:
    """With an Ingress that is where it is reached, by TLS if there is a certificate."""
    ingress = {"enabled": True, "hosts": [{"host": "mail.example.org"}], "tls": [{"hosts": ["mail.example.org"]}]}
    assert "https://mail.example.org/" in notes({"ingress": ingress})


@pytest.mark.parametrize(
    ("values", "warnings"),
    [
        ({}, ["no Redis is configured"]),
        ({"redis": {"existingSecret": "mine"}}, []),
        ({"extraEnv": [{"name": "REDIS_URL", "value": "redis://mine"}]}, []),
        (
            {"redis": {"existingSecret": "mine"}, "api": {"replicas": 2}},
            ["several API pods let Socket.IO clients poll"],
        ),
        ({"redis": {"existingSecret": "mine"}, "api": {"replicas": 2}, "service": {"sessionAffinity": "ClientIP"}}, []),
    ],
)
def test_the_notes_warn_of_what_works_only_in_part(values: dict[str, Any], warnings: list[str]) -> None:
    """Pods that share nothing, and clients that poll from pod to pod, are allowed and pointed out."""
    said = notes({**SPLIT, **values})
    assert said.count("WARNING") == len(warnings)
    for warning in warnings:
        assert warning in said
