"""Where secrets come from, and that they are nowhere else."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.charts.chart import DATABASE, Object, Objects, render

MODEL: Object = {"config": {"ai": {"baseUrl": "https://ai.example.org/v1", "model": "one"}}}
GIVEN: Object = {
    **MODEL,
    "accessToken": {"value": "an-access-token-"},
    "ai": {"apiKey": {"value": "a-model-key"}},
    "database": {"url": "postgresql://me:a-database-password@host/mail"},
    "metricsToken": {"value": "a-metrics-token"},
    "redis": {"url": "redis://:a-redis-password@redis:6379/0"},
    "secretKeys": {"value": "a-key-of-the-vault-of-32-letters"},
}
WHOLE = {"accessToken": "ACCESS_TOKEN", "database": "DATABASE_URL", "metricsToken": "METRICS_TOKEN"}
WHOLE |= {"redis": "REDIS_URL", "secretKeys": "SECRET_KEYS"}
GENERATED = {"ACCESS_TOKEN": "airlock", "METRICS_TOKEN": "airlock", "SECRET_KEYS": "airlock-keys"}


def test_a_secret_of_ones_own_comes_first() -> None:
    """With Secrets made elsewhere the chart makes none, whatever else is given."""
    values: Object = {name: {**GIVEN[name], "existingSecret": f"my-{name}", "key": "x"} for name in WHOLE}
    values |= {**MODEL, "ai": {"apiKey": {"existingSecret": "my-model", "key": "x", "value": "a-model-key"}}}
    objects = render(values)
    assert "Secret" not in objects.kinds()
    env = objects.env()
    for name, variable in {**WHOLE, "model": "AI_API_KEY"}.items():
        assert env[variable] == {"secretKeyRef": {"name": f"my-{name}", "key": "x"}}
    assert objects.env("Job")["DATABASE_URL"] == env["DATABASE_URL"]


def test_given_secrets_are_in_secrets_only() -> None:
    """A value that is a secret is in a Secret under its variable, and no other object has it, not even encoded."""
    objects = render(GIVEN)
    secrets = objects.all("Secret")
    data = {key: value for secret in secrets for key, value in secret["data"].items()}
    assert {name: base64.b64decode(value).decode() for name, value in data.items()} == {
        **{variable: next(iter(GIVEN[name].values())) for name, variable in WHOLE.items()},
        "AI_API_KEY": "a-model-key",
    }
    for secret in secrets:
        objects.remove(secret)
    text = str(objects)
    for word in ("an-access", "a-model-key", "a-database", "a-metrics", "a-redis", "a-key-of", *data.values()):
        assert word not in text


@pytest.mark.parametrize("name", WHOLE)
def test_a_changed_secret_restarts_the_pods(name: str) -> None:
    """The pods carry a digest of the values that they read when they start; what is generated is no part of it."""
    (key, value), *_ = GIVEN[name].items()
    assert _digest(GIVEN) != _digest({**GIVEN, name: {key: f"{value}-and-more"}})
    assert _digest(DATABASE) is None


@pytest.mark.parametrize("variable", GENERATED)
def test_a_secret_is_generated_where_none_is_given(variable: str) -> None:
    """Without one's own there is a random text, and the pods read it."""
    objects = render({"database": {"existingSecret": "mine"}})
    assert objects.env()[variable] == {"secretKeyRef": {"name": GENERATED[variable], "key": variable}}
    generated = base64.b64decode(objects.one("Secret", GENERATED[variable])["data"][variable])
    assert len(generated) == 40
    assert generated.isalnum()


def test_only_keys_outlive_the_release() -> None:
    """What they have encrypted is in a database that does; tokens go with the release."""
    objects = render({"database": {"existingSecret": "mine"}})
    assert objects.one("Secret", "airlock-keys")["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert "annotations" not in objects.one("Secret", "airlock")["metadata"]


def test_the_embedded_database_keeps_its_key_itself() -> None:
    """A key in a file beside it has the life of the database, whatever becomes of the release."""
    assert "SECRET_KEYS" not in render().env()


def test_nothing_has_to_be_generated() -> None:
    """Where that is not wanted no Secret is left."""
    values = {name: {"generate": False} for name in ("accessToken", "metricsToken", "secretKeys")}
    objects = render({**values, "database": {"existingSecret": "mine"}})
    assert "Secret" not in objects.kinds()
    assert set(GENERATED) & set(objects.env()) == set()


def test_the_migration_has_the_databases_secret_and_no_other() -> None:
    """The Job cannot read what it does not need, and what it needs is there before the release is."""
    objects = render(GIVEN)
    secrets = {name: value for name, value in objects.env("Job").items() if isinstance(value, dict)}
    assert secrets == {"DATABASE_URL": {"secretKeyRef": {"name": "airlock-migration", "key": "DATABASE_URL"}}}
    assert objects.one("Secret", "airlock-migration")["metadata"]["annotations"]["helm.sh/hook"] == _PRE
    assert "airlock-migration" not in str(_without_hooks(objects))


_PRE = "pre-install,pre-upgrade"


def _without_hooks(objects: Objects) -> list[Object]:
    return [each for each in objects if "helm.sh/hook" not in each["metadata"].get("annotations", {})]


def _digest(values: dict[str, Any]) -> str | None:
    annotations = render(values).one("Deployment")["spec"]["template"]["metadata"]["annotations"]
    found: str | None = annotations.get("checksum/secret")
    return found
