"""REDIS_URL: what is accepted, and that no report of it has the password."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from probes import Failure
from service.redis_url import RedisUrl
from service.settings import load
from service.values import REDACTED, Unquoted
from tests.service.process import start

PASSWORDS = st.text(st.characters(codec="utf-8"), min_size=1)
PIECES = ["redis://", "rediss://", "unix://", "h", ":", "@", "/", "?", "#", "%", "1", "[", "]", "db=", "ssl_cert_reqs=",
          "&", "none", "password=", "username=", "ssl_keyfile=", "\N{CARE OF}"]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost", "redis://localhost"),
        ("redis://:hunter2@red-1:6379", f"redis://{REDACTED}@red-1:6379"),
        ("redis://hunter2@red-1/", f"redis://{REDACTED}@red-1/"),
        ("rediss://mail:hunter2@[::1]:6380/15", f"rediss://{REDACTED}@[::1]:6380/15"),
        ("rediss://h?ssl_cert_reqs=none&ssl_ca_certs=/hunter2.pem", f"rediss://h?{REDACTED}"),
        ("unix:///run/redis.sock?db=3&password=hunter2", f"unix:///run/redis.sock?{REDACTED}"),
        ("unix://mail:hunter2@/run/redis.sock", f"unix://{REDACTED}@/run/redis.sock"),
    ],
)
def test_an_address_is_shown_without_its_secret_parts(monkeypatch: pytest.MonkeyPatch, url: str, shown: str) -> None:
    """Scheme, host, port and database are there to be read, and the client gets the whole URL."""
    monkeypatch.setenv("REDIS_URL", url)
    settings = load()
    assert settings.describe()["REDIS_URL"]["value"] == shown
    assert "hunter2" not in repr(settings)
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("hunter2", "does not begin with redis://, rediss:// or unix://"),
        ("http://:hunter2@h", "does not begin with redis://"),
        ("redis://", "there is no host in it"),
        ("redis://:hunter2/x@h:6379", "its host or port cannot be read: in a user name or a password '/'"),
        ("redis://u:12/hunter2@h:6379", "what follows the host is not the number of a database"),
        ("redis://:hunter2#@h", "there is a '#' in it"),
        ("redis://:hunter2 @h", "it has blanks"),
        ("redis://[hunter2", "its host or port cannot be read"),
        ("redis://h:0", "no server has port 0"),
        ("redis://h:65536", "its host or port cannot be read"),
        ("redis://h/hunter2", "not the number of a database"),
        ("redis://h?db=hunter2", "db is not the number of a database"),
        ("redis://h?hunter2=1", "its options are not all of db, password, username, ssl_ca_certs"),
        ("redis://h?ssl_cert_reqs=none", "ssl_cert_reqs goes with rediss:// alone"),
        ("rediss://h?ssl_cert_reqs=hunter2", "ssl_cert_reqs is not one of none, optional, required"),
        ("unix://hunter2/redis.sock", "a socket's path begins with a third '/'"),
        ("unix://", "a socket's path begins with a third '/'"),
    ],
)
def test_a_wrong_address_is_refused_without_quoting_it(monkeypatch: pytest.MonkeyPatch, url: str, reason: str) -> None:
    """The failure names the variable, the reason and what is accepted; parts of a password may be anywhere in it."""
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(Failure) as raised:
        load()
    assert raised.value.detail.startswith(f"REDIS_URL={REDACTED} is not usable (")
    assert reason in raised.value.detail
    assert "hunter2" not in repr((raised.value, raised.value.resolution, raised.value.__context__))


def test_a_wrong_address_does_not_boot() -> None:
    """The contract's report has one sentence and the way out, and nothing of the password."""
    with start(REDIS_URL="postgres://:hunter2@db") as boot:
        assert boot.wait() == 1
        assert "(it does not begin with redis://, rediss:// or unix://)" in boot.output
        assert "set REDIS_URL to 'redis://HOST:PORT/DATABASE', 'rediss://…' for TLS" in boot.output
        assert "hunter2" not in boot.output


@given(PASSWORDS)
def test_any_password_can_be_written_and_is_hidden(password: str) -> None:
    """Percent-encoded it reaches the client as it is, and disappears from what a server may quote."""
    url = RedisUrl(RedisUrl.parse(f"redis://:{quote(password, safe='')}@host/1"))
    assert Redis.from_url(url.get_secret_value()).connection_pool.connection_kwargs["password"] == password
    assert str(url) == f"redis://{REDACTED}@host/1"
    assert url.hide(f"<<{password}>>").strip("<>") == REDACTED or set(password) <= set(f"<>{REDACTED}")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_accepted_makes_a_connection(text: str) -> None:
    """The client's own parser agrees on every URL that passes, so nothing is left to fail at the first use."""
    try:
        accepted = RedisUrl.parse(text)
    except Unquoted:
        return
    pool: Any = Redis.from_url(accepted).connection_pool  # its methods have no types
    assert pool.make_connection()
    assert str(RedisUrl(accepted))


@given(st.lists(st.sampled_from([*PIECES, "hunter2"]), max_size=12).map("".join))
def test_a_reason_quotes_nothing(text: str) -> None:
    """Wherever in a text the password stands, it is not in the reason."""
    try:
        RedisUrl.parse(text)
    except Unquoted as error:
        assert "hunter2" not in str(error)
