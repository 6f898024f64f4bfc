"""What the API answers when the database is not to be had: a problem in words that says when to come again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from service.api import refusals
from tests.service.api.client import Api
from tests.service.process import TOKEN, start
from tests.service.store.followed import make_mailbox
from tests.service.store.locks import fall_asleep, on_postgresql
from tests.service.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from service.store.database import Database
    from tests.service.store.databases import PostgreSQL

AWAY = {"status": 503, "detail": "the database does not answer: try again"}


def client(do: Callable[[], None]) -> TestClient:
    """A client of a route that does it, and refuses as the API does."""

    def serve(_: Request) -> Response:
        do()
        raise AssertionError("it was done")

    return TestClient(Starlette(routes=[Route("/", serve)], exception_handlers=refusals.HANDLERS))


@on_postgresql
def test_a_request_that_falls_asleep_is_told_to_come_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL has undone its transaction: it is as if the database had been away, and no fault of the service."""
    mailbox = make_mailbox(database)
    answer = client(lambda: fall_asleep(mailbox, monkeypatch)).get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"type": "about:blank", "title": "Service Unavailable", **AWAY}


@on_postgresql
def test_a_statement_that_is_wrong_is_a_fault(database: Database) -> None:
    """It would be as wrong the next time, so nobody is told to try again."""

    def misspell() -> None:
        with database.read() as session:
            session.execute(text("SELEKT 1"))

    with pytest.raises(ProgrammingError):
        client(misspell).get("/")


@pytest.mark.docker
def test_a_database_that_is_away_is_told_as_it_is_described(postgresql: PostgreSQL) -> None:
    """The service stays, and says in words and in a header when to come again."""
    with postgresql.lent() as url, TcpProxy(postgresql.port) as proxy:
        through = url.get_secret_value().replace(f":{postgresql.port}/", f":{proxy.port}/")
        env = {"DATABASE_URL": through, "SECRET_KEYS": "k" * 32, "ACCESS_TOKEN": TOKEN, "WORKER_MODE": "false"}
        with start(**env) as boot, Api(boot.wait_ready()) as api:
            assert api.get("/accounts")["accounts"] == []
            proxy.lose()
            problem = api.refused(503, "GET", "/accounts")
            assert problem | AWAY == problem
