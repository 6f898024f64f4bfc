"""Each kind of caller is answered as the description says, whatever it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from service.access.api_tokens import ApiTokens
from service.access.sessions import Sessions
from service.access.site import csrf_token
from tests.service.api.conforming import DESTROYING, conform
from tests.service.api.seed import fill, fresh
from tests.service.process import free_port, start
from tests.service.provider import MockProvider, signs_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.boot import Boot

SITE = "https://mail.example.org"
OUT = ("auth.sign-out", "auth.sign-out-everywhere")
"""Operations after which a session is over."""


@dataclass(frozen=True, slots=True)
class Doors:
    """A service with every door that there is, and what opens each, as headers."""

    boot: Boot
    headers: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """One with mail in it, where people sign in, behind a proxy that speaks TLS."""
    data = tmp_path_factory.mktemp("data")
    (data / "maildir").mkdir()
    with fresh(data) as (database, owner):
        fill(database)
        tokens = ApiTokens(database)
        scoped = {scope: tokens.make(owner, scope, writes=scope == "write")[1] for scope in ("read", "write")}
        secret = Sessions(database, timedelta(hours=1), timedelta(hours=1)).begin(owner)
    cookie = {"Cookie": f"__Host-airlock-session={secret}"}
    headers = {
        "nobody": {},
        "wrong token": {"Authorization": "Bearer airlock_wrong"},
        "reading token": {"Authorization": f"Bearer {scoped['read']}"},
        "writing token": {"Authorization": f"Bearer {scoped['write']}"},
        "session without CSRF token": {**cookie, "Origin": SITE},
        "session": {**cookie, "Origin": SITE, "X-CSRF-Token": csrf_token(secret)},
    }
    with MockProvider() as provider:
        variables = signs_in(provider.url, free_port(), DATA_DIR=str(data), BASE_URL=SITE, COSTLY_REQUESTS="1000000")
        with start(**variables) as process:
            yield Doors(process.wait_ready(), headers)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "caller",
    ["nobody", "wrong token", "reading token", "session without CSRF token", "writing token", "session"],
)
def test_whoever_asks_the_answer_is_described(doors: Doors, tmp_path: Path, caller: str) -> None:
    """No 5xx, and no status, header or body that is not described; the access token is asked with in test_conformance.

    Whoever opens nothing asks for what destroys, too.
    """
    changes = caller in ("writing token", "session")
    without = (*DESTROYING, *(OUT if caller == "session" else ())) if changes else ()
    headers = {**doors.headers[caller], "X-Forwarded-For": f"203.0.113.{list(doors.headers).index(caller)}"}
    opens = caller in ("reading token", "writing token", "session")
    options = ["--phases", "coverage"] if opens else ["--phases", "fuzzing", "--max-examples", "3"]
    # Its requests without credentials have those of this test, or too many of them are wrong.
    options += ["--exclude-checks", "ignored_auth,positive_data_acceptance"]
    conform(doors.boot, tmp_path, headers, *options, without=without, providers=["oidc"])
