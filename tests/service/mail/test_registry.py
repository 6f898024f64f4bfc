"""What a user enters to have a mailbox followed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.mail.gmail.source import Gmail
from service.mail.imap import Imap
from service.mail.maildir import Maildir
from service.mail.registry import Allowed, InvalidSettings, check, open_source
from service.settings import load

ALLOWED = Allowed(maildir_roots=(Path("/srv/mail"),), private_hosts=False, message_size=1_000_000)


def keep(secret: str) -> None:
    """No source here gets a new secret."""


IMAP = {"host": "imap.example.org", "username": "ann@example.org"}


@pytest.mark.parametrize(
    ("kind", "settings", "field", "sentence"),
    [
        ("pop3", {}, "", "there is no kind of mailbox named 'pop3': there are maildir, imap, gmail"),
        ("gmail", {}, "", "mailboxes at Gmail are not followed here: the operator sets GOOGLE_CLIENT_ID first"),
        ("maildir", {}, "path", "path is missing: it is the absolute path of a Maildir"),
        ("maildir", {"path": 7}, "path", "path is 7: it has to be the absolute path of a Maildir"),
        ("maildir", {"path": "/srv/mail/ann", "x": 1}, "x", "maildir has no setting 'x': it has path"),
        ("maildir", {"path": "ann"}, "path", "the path 'ann' is not that of a folder below /srv/mail: name one there"),
        ("maildir", {"path": "/srv/mail/../x"}, "path", "the path '/srv/mail/../x' is not that of a folder below"),
        ("maildir", {"path": "/srv/mail"}, "path", "the path '/srv/mail' is not that of a folder below"),
        ("maildir", {"path": "/srv/mailbox/ann"}, "path", "is not that of a folder below"),
        ("maildir", {"path": "/srv/mail/a\0b"}, "path", "is not that of a folder below"),
        ("imap", {"host": "h"}, "username", "username is missing: it is the name to log in with"),
        ("imap", IMAP | {"username": "a\r\nb"}, "username", "username is 'a\\r\\nb': it has to be the name to log in"),
        ("imap", IMAP | {"username": ""}, "username", "username is '': it has to be the name to log in with"),
        ("imap", IMAP | {"host": "imap://h"}, "host", "host is 'imap://h': it has to be the name or the IP address"),
        ("imap", IMAP | {"host": "h:993"}, "host", "without a scheme, a port or a path"),
        ("imap", IMAP | {"host": "a..b"}, "host", "host is 'a..b'"),
        ("imap", IMAP | {"host": "hö.de"}, "host", "a name with other letters than a to z is written as xn--"),
        ("imap", IMAP | {"port": 70000}, "port", "port is 70000: it has to be a port from 1 to 65535"),
        (
            "imap",
            IMAP | {"security": "ssl"},
            "security",
            "security is 'ssl': it has to be 'tls', 'starttls'",
        ),
        ("imap", IMAP | {"folders": []}, "folders", "folders has 0 in it: it has to be a list of 1 to 50 folders"),
        ("imap", IMAP | {"folders": "some"}, "folders", "folders is 'some': it has to be a list of 1 to 50 folders"),
        ("imap", IMAP | {"poll_seconds": 1}, "poll_seconds", "poll_seconds is 1: it has to be from 5 to 1500 seconds"),
        ("imap", IMAP | {"password": "hunter2"}, "password", "imap has no setting 'password': it has host, security"),
    ],
)
def test_what_cannot_be_used_is_said_by_field(kind: str, settings: dict[str, Any], field: str, sentence: str) -> None:
    """Each problem is a sentence that names the value and what is accepted."""
    with pytest.raises(InvalidSettings) as raised:
        check(kind, settings, ALLOWED)
    assert sentence in raised.value.problems[field]
    assert sentence in str(raised.value)


def test_settings_survive_being_stored() -> None:
    """What `check` gives goes to JSON and back."""
    checked = check("maildir", {"path": "/srv/mail/ann"}, ALLOWED)
    stored = checked.model_dump(mode="json")
    assert stored == {"path": "/srv/mail/ann"}
    assert check("maildir", stored, ALLOWED) == checked
    assert isinstance(open_source("maildir", stored, "", ALLOWED, keep), Maildir)


@pytest.mark.parametrize(
    ("given", "port", "folders"),
    [
        ({}, 993, ["INBOX"]),
        ({"security": "starttls", "folders": ["Work", "inbox", "INBOX"]}, 143, ["Work", "INBOX"]),
        ({"security": "none", "port": 1143, "folders": "all"}, 1143, "all"),
        ({"port": None, "host": " IMAP.Example.org "}, 993, ["INBOX"]),
    ],
)
def test_what_is_not_entered_is_as_usual(given: dict[str, Any], port: int, folders: list[str] | str) -> None:
    """TLS, the port that goes with it, and the inbox."""
    checked = check("imap", IMAP | given, ALLOWED)
    stored = checked.model_dump(mode="json")
    assert (stored["host"], stored["port"], stored["folders"]) == ("imap.example.org", port, folders)
    assert check("imap", stored, ALLOWED) == checked
    source = open_source("imap", stored, "hunter2", ALLOWED, keep)
    assert isinstance(source, Imap)
    source.close()


@pytest.mark.parametrize("host", ["imap.example.org", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "mail_1.local."])
def test_hosts_are_names_and_addresses(host: str) -> None:
    """An IPv6 address with brackets, as in a URL, or without."""
    assert check("imap", IMAP | {"host": host}, ALLOWED).model_dump()["host"] == host.strip("[]")


def test_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default Maildirs in DATA_DIR, and mail servers out in the world."""
    monkeypatch.setenv("DATA_DIR", "/data")
    assert Allowed.by(load()) == Allowed((Path("/data/maildir"),), False, 10_000_000)
    monkeypatch.setenv("MAILDIR_ROOTS", "/srv/mail, ~/mail")
    monkeypatch.setenv("IMAP_ALLOW_PRIVATE", "true")
    assert Allowed.by(load()) == Allowed((Path("/srv/mail"), Path.home() / "mail"), True, 10_000_000)


def test_gmail_is_there_where_google_knows_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the operator's client, at Google's own addresses unless others stand in for it."""
    for name, value in {
        "GOOGLE_CLIENT_ID": "airlock",
        "GOOGLE_CLIENT_SECRET": "secret-of-the-client",
        "BASE_URL": "https://mail.example.org",
        "ALLOWED_USERS": "ann@example.org",
    }.items():
        monkeypatch.setenv(name, value)
    allowed = Allowed.by(load())
    assert allowed.google is not None
    assert (allowed.google.issuer, allowed.google.api) == (
        "https://accounts.google.com",
        "https://gmail.googleapis.com",
    )
    assert check("gmail", {}, allowed).model_dump() == {"poll_seconds": 60}
    with pytest.raises(InvalidSettings, match="poll_seconds is 1: it has to be from 5 to 1500 seconds"):
        check("gmail", {"poll_seconds": 1}, allowed)
    source = open_source("gmail", {}, "1//token", allowed, keep)
    assert isinstance(source, Gmail)
    source.close()


def test_what_few_need_is_not_imported() -> None:
    """A service that nobody uses with Google boots without what takes long to import."""
    names = "('authlib', 'httpx2', 'service.mail.gmail.source')"
    code = f"import sys, service.app; print([name for name in {names} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
