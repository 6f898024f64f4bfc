"""Leaving for a provider and coming back; and where to go then."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select, update

from service.access import sign_in
from service.access.sign_in import Departures, Stale, own_path
from service.store import clock
from service.store.tables import SignIn

if TYPE_CHECKING:
    from service.store.database import Database

BASE = "https://mail.example.org"


def test_who_left_comes_back_once(database: Database) -> None:
    """The second time there is nothing, even with all that was right the first time."""
    departures = Departures(database)
    leaving = departures.begin("oidc", "/inbox")
    left = departures.end("oidc", leaving.state, leaving.browser)
    assert (left.path, left.nonce, left.verifier) == ("/inbox", leaving.nonce, leaving.verifier)
    with pytest.raises(Stale):
        departures.end("oidc", leaving.state, leaving.browser)


@pytest.mark.parametrize("wrong", ["provider", "state", "browser", "no browser"])
def test_nobody_else_comes_back(database: Database, wrong: str) -> None:
    """With the state of one browser and the cookie of another, or from another provider, nobody is signed in."""
    departures = Departures(database)
    mine, other = departures.begin("oidc", "/"), departures.begin("oidc", "/")
    given_ = {"provider": "oidc", "state": mine.state, "browser": mine.browser}
    given_ |= {
        "provider": {"provider": "google"},
        "state": {"state": "x"},
        "browser": {"browser": other.browser},
        "no browser": {"browser": ""},
    }[wrong]
    with pytest.raises(Stale):
        departures.end(**given_)


def test_nobody_comes_back_late(database: Database) -> None:
    """What was noted is worth nothing after ten minutes, and then it goes."""
    departures = Departures(database)
    leaving = departures.begin("oidc", "/")
    with database.write() as session:
        session.execute(update(SignIn).values(ends_at=clock.now(session)))
    with pytest.raises(Stale):
        departures.end("oidc", leaving.state, leaving.browser)
    departures.begin("oidc", "/")
    with database.write() as session:
        session.execute(update(SignIn).values(ends_at=clock.now(session)))
        sign_in.forget(session)
        assert session.scalars(select(SignIn)).all() == []


def test_neither_the_state_nor_the_cookie_is_kept(database: Database) -> None:
    """Who reads the database cannot come back in somebody's place."""
    leaving = Departures(database).begin("oidc", "/")
    with database.read() as session:
        row = session.scalars(select(SignIn)).one()
    assert {row.state, row.browser}.isdisjoint({leaving.state, leaving.browser})


@given(st.text() | st.text(alphabet="/\\.:@?#%\t\r\n \0evil", max_size=12).map(lambda text: f"/{text}"))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https://evil.example")
@example("javascript:alert(1)")
@example("/%0d%0aSet-Cookie:x=y")
@example("")
def test_the_way_back_never_leaves_the_site(text: str) -> None:
    """As browsers read URLs too (WHATWG): without tabs and line ends, and with a backslash for a slash."""
    path = own_path(text)
    seen = "".join(character for character in path if character not in "\t\r\n").replace("\\", "/")
    assert urlsplit(urljoin(BASE, seen)).netloc == urlsplit(BASE).netloc
    assert urlsplit(urljoin(BASE, seen)).scheme == "https"
    assert not {"\r", "\n", "\0"} & set(path)


@pytest.mark.parametrize("path", ["/", "/inbox", "/inbox?q=a%20b&x=1", "/messages/1#top", "/a//b"])
def test_a_path_of_the_site_is_kept(path: str) -> None:
    """With its query and its fragment."""
    assert own_path(path) == path
