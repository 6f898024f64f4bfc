"""DATABASE_URL: what is accepted, and that no report of it has the password."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import Failure
from service.settings import load
from service.store.url import DatabaseUrl
from service.values import REDACTED, Unquoted

if TYPE_CHECKING:
    from tests.service.store.databases import PostgreSQL

PIECES = ["postgresql://", "sqlite:///", "postgres://", "h", ":", "@", "/", "?", "#", "%", "5432", "[", "]", "hunter2"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hunter2@db:5432/mail", f"postgresql://{REDACTED}@db:5432/mail"),
        ("postgres://me:hunter2@db/mail?sslmode=require", f"postgresql://{REDACTED}@db/mail?{REDACTED}"),
        ("sqlite:////var/lib/airlock/airlock.sqlite", "sqlite:////var/lib/airlock/airlock.sqlite"),
    ],
)
def test_an_address_is_shown_without_its_secret_parts(monkeypatch: pytest.MonkeyPatch, url: str, shown: str) -> None:
    """Host, port and name are there to be read, and the driver gets all of it."""
    monkeypatch.setenv("DATABASE_URL", url)
    settings = load()
    assert settings.describe()["DATABASE_URL"]["value"] == shown
    assert "hunter2" not in repr(settings)
    assert settings.database.url().password == ("hunter2" if "hunter2" in url else None)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hunter2", "cannot be read as a URL"),
        ("mysql://me:hunter2@db/mail", "does not begin with postgresql:// or sqlite:///"),
        ("postgresql://me:hunter2@db", "no name of a database"),
        ("sqlite://", "a file's absolute path begins with a fourth"),
        ("postgresql://me:hunter2@db /mail", "blanks"),
    ],
)
def test_a_wrong_address_is_refused_without_being_quoted(
    monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    """The report says what is wrong, and what is accepted."""
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(Failure) as raised:
        load()
    assert reason in raised.value.detail
    assert "hunter2" not in raised.value.detail


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text())
def test_any_text_is_accepted_or_refused_in_words(text: str) -> None:
    """What is accepted can be handed to the driver, and nothing else is ever raised."""
    try:
        accepted = DatabaseUrl.parse(text)
    except Unquoted:
        return
    DatabaseUrl(accepted).url()
    str(DatabaseUrl(accepted))


@pytest.mark.docker
def test_a_server_that_falls_silent_is_given_up(postgresql: PostgreSQL) -> None:
    """The kernel ends a connection whose peer is gone, as behind a broken network; the URL may say when."""
    with postgresql.lent() as url, psycopg.connect(_libpq(url)) as connection:
        opened = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
        with opened:
            assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
            assert opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 25_000
    assert DatabaseUrl("postgresql://db/mail?keepalives_idle=7").url().query["keepalives_idle"] == "7"


def _libpq(url: DatabaseUrl) -> str:
    return url.url().set(drivername="postgresql").render_as_string(hide_password=False)
