"""Corrections in the running service: what was said of some messages is known of the next ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.running import Running
from tests.service.store.followed import raw
from tests.service.test_mailboxes import Maildir

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.url import DatabaseUrl

COUNT = 6
"""Messages of each kind that are corrected."""


def bulletin(number: int) -> bytes:
    """A message of a kind that only its reader knows what to call."""
    text = f"Lighthouse bulletin {number}: the lantern room was swept, and the copper gutters were mended."
    return raw(number, Subject=f"Lighthouse bulletin {number}", text=text, From="tower@lighthouse.example")


def walk(number: int) -> bytes:
    """Another one."""
    return raw(100 + number, Subject=f"Walk {number}", text=f"We walked along the river, {number} miles.")


def test_a_correction_changes_how_similar_mail_is_triaged(database_url: DatabaseUrl, tmp_path: Path) -> None:
    """The reason says in words what it was learned from; a correction that is taken back is learned from no more."""
    maildir = Maildir(tmp_path / "Mail")
    with Running(tmp_path, DATABASE_URL=database_url.get_secret_value()) as service:
        service.follow(maildir)

        def arrives(mail: bytes) -> int:
            maildir.deliver(mail)
            return service.understands(1)[0]

        bulletins = [arrives(bulletin(number)) for number in range(COUNT)]
        walks = [arrives(walk(number)) for number in range(COUNT)]
        assert service.analysis(bulletins[0])["category"] != "receipt"
        for category, ids in (("receipt", bulletins), ("fyi", walks)):
            for id_ in ids:
                service.api.send("PUT", f"/messages/{id_}/correction", json={"category": category}).raise_for_status()
                assert service.hears("message.corrected")["message_id"] == id_
                assert service.analysis(id_)["category"] == category
        learned = service.analysis(arrives(bulletin(COUNT)))
        assert (learned["category"], learned["triaged"]) == ("receipt", "receipt")
        words = [reason["words"] for reason in learned["reasons"]]
        assert any(said.startswith(f"you filed {COUNT} messages with ") for said in words)
        for id_ in bulletins:
            service.api.send("DELETE", f"/messages/{id_}/correction").raise_for_status()
        forgotten = service.analysis(arrives(bulletin(COUNT + 1)))
        assert forgotten["category"] != "receipt"
        assert not any(reason["words"].startswith("you filed") for reason in forgotten["reasons"])
        assert service.audit.count("messages.correct") == 2 * COUNT
        assert service.audit.count("messages.uncorrect") == COUNT
