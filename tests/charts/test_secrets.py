"""Where secrets come from, and that they are nowhere else."""

from __future__ import annotations

import base64
from typing import Any

from tests.charts.chart import render

GIVEN: dict[str, Any] = {"metricsToken": {"value": "a-token"}, "redis": {"url": "redis://:a-password@redis:6379/0"}}


def test_a_secret_of_ones_own_comes_first() -> None:
    """With Secrets made elsewhere the chart makes none, whatever else is given."""
    values = {
        "metricsToken": {"existingSecret": "mine", "key": "token", "value": "a-token"},
        "redis": {"existingSecret": "ours", "key": "url", "url": "redis://elsewhere"},
    }
    objects = render(values)
    assert "Secret" not in objects.kinds()
    assert objects.env()["METRICS_TOKEN"] == {"secretKeyRef": {"name": "mine", "key": "token"}}
    assert objects.env()["REDIS_URL"] == {"secretKeyRef": {"name": "ours", "key": "url"}}


def test_given_secrets_are_in_the_secret_only() -> None:
    """A value that is a secret is in the Secret, and no other object has it, not even encoded."""
    objects = render(GIVEN)
    secret = objects.one("Secret")
    assert base64.b64decode(secret["data"]["METRICS_TOKEN"]) == b"a-token"
    objects.remove(secret)
    text = str(objects)
    for word in ("a-token", "a-password", *secret["data"].values()):
        assert word not in text


def test_a_changed_secret_restarts_the_pods() -> None:
    """The pods carry a digest of the values that they read when they start."""

    def digest(values: dict[str, Any]) -> str | None:
        annotations = render(values).one("Deployment")["spec"]["template"]["metadata"]["annotations"]
        found: str | None = annotations.get("checksum/secret")
        return found

    assert digest(GIVEN) != digest({**GIVEN, "metricsToken": {"value": "another"}})
    assert digest({}) is None


def test_a_token_is_generated_where_none_is_given() -> None:
    """Without a token of one's own there is a random one, and nothing but the Secret differs from render to render."""
    token = base64.b64decode(render().one("Secret")["data"]["METRICS_TOKEN"])
    assert len(token) == 40
    assert token.isalnum()
    assert "REDIS_URL" not in render().env()


def test_no_token_is_possible() -> None:
    """Where it is not wanted nothing is generated, and no Secret is left."""
    objects = render({"metricsToken": {"generate": False}})
    assert "Secret" not in objects.kinds()
    assert "METRICS_TOKEN" not in objects.env()
