"""The door: the token that opens the API, and the owner that it stands for."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from service.access import Access, bearer
from service.store.database import Database
from service.store.tables import AccessToken, User

if TYPE_CHECKING:
    from service.store.url import DatabaseUrl

GIVEN = SecretStr("a-token-of-my-own")


def printed(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The tokens in the log."""
    return re.findall(r"shown this once: (\S+) ", caplog.text)


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "service.access")


def test_the_first_boot_prints_a_token_that_opens(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """It stands for the owner, and of it the store has nothing but its SHA-256."""
    access = Access(database, None)
    access.prepare(serves=True)
    [token] = printed(caplog)
    assert len(token) >= 43
    with database.read() as session:
        assert session.scalars(select(AccessToken.digest)).all() == [hashlib.sha256(token.encode()).hexdigest()]
        assert access.authenticate(token) == session.scalars(select(User.id)).one()
    for wrong in ("", token[:-1], f"{token} ", token.swapcase(), hashlib.sha256(token.encode()).hexdigest()):
        assert access.authenticate(wrong) is None


def test_the_next_boot_prints_nothing(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The token of the first one goes on opening."""
    Access(database, None).prepare(serves=True)
    again = Access(database, None)
    again.prepare(serves=True)
    [token] = printed(caplog)
    assert again.authenticate(token) is not None


def test_a_token_of_ones_own_is_the_only_one(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """With ACCESS_TOKEN nothing is printed or stored, and what was printed before opens no more."""
    Access(database, None).prepare(serves=True)
    [first] = printed(caplog)
    caplog.clear()
    access = Access(database, GIVEN)
    access.prepare(serves=True)
    assert access.authenticate(GIVEN.get_secret_value()) is not None
    assert access.authenticate(first) is None
    assert not caplog.records
    with database.read() as session:
        assert len(session.scalars(select(AccessToken)).all()) == 1


def test_a_worker_makes_the_owner_and_no_token(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The token is printed where the API is, by whichever comes first."""
    Access(database, None).prepare(serves=False)
    assert not caplog.records
    Access(database, None).prepare(serves=True)
    assert len(printed(caplog)) == 1
    with database.read() as session:
        assert len(session.scalars(select(User)).all()) == 1


def test_processes_that_boot_at_once_make_one_owner(
    database_url: DatabaseUrl, caplog: pytest.LogCaptureFixture
) -> None:
    """One of them prints the one token, whichever way they are interleaved."""
    barrier = threading.Barrier(8)

    def boot() -> None:
        database = Database(database_url)
        barrier.wait()
        Access(database, None).prepare(serves=True)
        database.close()

    threads = [threading.Thread(target=boot) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(printed(caplog)) == 1
    database = Database(database_url)
    with database.read() as session:
        assert len(session.scalars(select(User)).all()) == len(session.scalars(select(AccessToken)).all()) == 1
    database.close()


@pytest.mark.parametrize("header", ["Bearer open-sesame", "bearer  open-sesame ", "BEARER open-sesame"])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    """RFC 9110, 11.1."""
    assert bearer(header) == "open-sesame"


@given(st.text())
def test_any_other_header_has_no_token(header: str) -> None:
    """Basic credentials and garbage are no token."""
    assert bearer(f"Basic {header}") == ""
    assert bearer("".join(header.split())) == ""
