"""Sessions: what begins one, what ends it, and how little is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from service.access import Access
from service.access import sessions as sessions_module
from service.access.authenticator import Authenticator, Browsers
from service.access.caller import digest
from service.access.sessions import Sessions
from service.access.site import Site
from service.store import clock
from service.store.tables import BrowserSession, User

if TYPE_CHECKING:
    from service.store.database import Database

IDLE, LIFETIME = timedelta(hours=1), timedelta(hours=8)
SECOND = timedelta(seconds=1)


@pytest.fixture
def owner(database: Database) -> int:
    """The id of a user."""
    Access(database, None).prepare(serves=False)
    with database.read() as session:
        return session.scalars(select(User.id)).one()


@pytest.fixture
def sessions(database: Database) -> Sessions:
    """Those of a database."""
    return Sessions(database, IDLE, LIFETIME)


def shift(database: Database, column: str, by: timedelta) -> None:
    """Have one of the times of every session be `by` from now."""
    with database.write() as session:
        session.execute(update(BrowserSession).values({column: clock.now(session) + by}))


def test_a_session_stands_for_its_user(database: Database, sessions: Sessions, owner: int) -> None:
    """Of its secret the SHA-256 alone is kept, and nothing but the secret itself opens."""
    secret = sessions.begin(owner)
    found = sessions.find(secret)
    assert found is not None
    assert (found.user_id, found.proof, found.writes) == (owner, "session", True)
    with database.read() as session:
        assert session.scalars(select(BrowserSession.digest)).all() == [digest(secret)]
    for wrong in ("", secret[:-1], f"{secret} ", digest(secret), "\udcff"):
        assert sessions.find(wrong) is None


@pytest.mark.parametrize("column", ["ends_at", "idle_at"])
def test_a_session_ends_by_itself(database: Database, sessions: Sessions, owner: int, column: str) -> None:
    """When it was not used for long, and when it has lasted long, whatever the use."""
    secret = sessions.begin(owner)
    caller = sessions.find(secret)
    assert caller is not None
    shift(database, column, -SECOND)
    assert sessions.find(secret) is None
    authenticator = Authenticator(database, Access(database, None), Browsers(sessions, Site("https://x.example")))
    assert authenticator.standing({caller}) == set()
    with database.write() as session:
        sessions_module.forget(session)
        assert session.scalars(select(BrowserSession)).all() == []


def test_use_keeps_a_session_but_not_for_ever(database: Database, sessions: Sessions, owner: int) -> None:
    """Idleness is counted from the last use; the lifetime is not moved by anything."""
    secret = sessions.begin(owner)
    shift(database, "idle_at", 2 * SECOND)
    with database.read() as session:
        ends_at = session.scalars(select(BrowserSession.ends_at)).one()
    assert sessions.find(secret) is not None
    with database.read() as session:
        row = session.scalars(select(BrowserSession)).one()
        assert row.idle_at > clock.now(session) + IDLE - timedelta(minutes=1)
        assert row.ends_at == ends_at


def test_using_a_session_is_not_written_down_each_time(database: Database, sessions: Sessions, owner: int) -> None:
    """What was used a moment ago is not a write for the database."""
    secret = sessions.begin(owner)
    with database.read() as session:
        before = session.scalars(select(BrowserSession.idle_at)).one()
    assert sessions.find(secret) is not None
    with database.read() as session:
        assert session.scalars(select(BrowserSession.idle_at)).one() == before


def test_signing_in_ends_the_session_that_the_browser_had(sessions: Sessions, owner: int) -> None:
    """A secret that somebody knew before the sign-in is worth nothing after it."""
    first = sessions.begin(owner)
    second = sessions.begin(owner, first)
    assert first != second
    assert sessions.find(first) is None
    assert sessions.find(second) is not None


def test_a_user_has_so_many_sessions(
    database: Database, sessions: Sessions, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one more the one that was used longest ago ends, of this user alone."""
    monkeypatch.setattr(sessions_module, "MOST", 2)
    with database.write() as session:
        other = User(name="bob", created_at=clock.now(session))
        session.add(other)
    others = sessions.begin(other.id)
    shift(database, "idle_at", SECOND)
    first, second = sessions.begin(owner), sessions.begin(owner)
    with database.write() as session:
        session.execute(
            update(BrowserSession)
            .where(BrowserSession.digest == digest(second))
            .values(idle_at=clock.now(session) + 30 * SECOND)
        )
    third = sessions.begin(owner)
    assert [sessions.find(secret) is None for secret in (first, second, third, others)] == [False, True, False, False]


def test_one_session_ends_or_all_of_a_user(database: Database, sessions: Sessions, owner: int) -> None:
    """Signing out here leaves other browsers alone, signing out everywhere leaves other people alone."""
    with database.write() as session:
        other = User(name="bob", created_at=clock.now(session))
        session.add(other)
    here, there, others = sessions.begin(owner), sessions.begin(owner), sessions.begin(other.id)
    sessions.end(here)
    assert [sessions.find(secret) is None for secret in (here, there, others)] == [True, False, False]
    sessions.end_all(owner)
    assert [sessions.find(secret) is None for secret in (here, there, others)] == [True, True, False]
