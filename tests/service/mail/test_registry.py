"""What a user enters to have a mailbox followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service.mail.maildir import Maildir
from service.mail.registry import Allowed, InvalidSettings, check, open_source
from service.settings import load

ALLOWED = Allowed(maildir_roots=(Path("/srv/mail"),), private_hosts=False, message_size=1_000_000)


@pytest.mark.parametrize(
    ("kind", "settings", "field", "sentence"),
    [
        ("pop3", {}, "", "there is no kind of mailbox named 'pop3': there are maildir"),
        ("maildir", {}, "path", "path is missing: it is the absolute path of a Maildir"),
        ("maildir", {"path": 7}, "path", "path is 7: it has to be the absolute path of a Maildir"),
        ("maildir", {"path": "/srv/mail/ann", "x": 1}, "x", "maildir has no setting 'x': it has path"),
        ("maildir", {"path": "ann"}, "path", "the path 'ann' is not that of a folder below /srv/mail: name one there"),
        ("maildir", {"path": "/srv/mail/../x"}, "path", "the path '/srv/mail/../x' is not that of a folder below"),
        ("maildir", {"path": "/srv/mail"}, "path", "the path '/srv/mail' is not that of a folder below"),
        ("maildir", {"path": "/srv/mailbox/ann"}, "path", "is not that of a folder below"),
        ("maildir", {"path": "/srv/mail/a\0b"}, "path", "is not that of a folder below"),
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
    assert isinstance(open_source("maildir", stored, "", ALLOWED), Maildir)


def test_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default Maildirs in DATA_DIR, and mail servers out in the world."""
    monkeypatch.setenv("DATA_DIR", "/data")
    assert Allowed.by(load()) == Allowed((Path("/data/maildir"),), False, 10_000_000)
    monkeypatch.setenv("MAILDIR_ROOTS", "/srv/mail, ~/mail")
    monkeypatch.setenv("IMAP_ALLOW_PRIVATE", "true")
    assert Allowed.by(load()) == Allowed((Path("/srv/mail"), Path.home() / "mail"), True, 10_000_000)
