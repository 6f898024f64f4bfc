"""Mailboxes under the hand of their user: looked at now, paused and resumed, one and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.running import Running
from tests.service.store.followed import raw
from tests.service.test_mailboxes import Imap, Maildir

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.url import DatabaseUrl
    from tests.service.dovecot_server import DovecotServer


def test_what_arrives_in_a_pause_is_fetched_after_it(database_url: DatabaseUrl, tmp_path: Path) -> None:
    """One mailbox is paused while the other is followed; then both are, and resumed one after the other."""
    one, two = Maildir(tmp_path / "One"), Maildir(tmp_path / "Two")
    with Running(tmp_path, DATABASE_URL=database_url.get_secret_value()) as service:
        first, second = service.follow(one, "One"), service.follow(two, "Two")
        assert service.api.post(f"/accounts/{first}/pause")["paused"] is True
        one.deliver(raw(1))
        two.deliver(raw(2))
        assert service.hears("message.new")["subject"] == "Number 2"
        assert service.subjects == ["Number 2"]
        assert "resume it first" in service.api.refused(409, "POST", f"/accounts/{first}/sync")["detail"]
        service.api.post(f"/accounts/{first}/resume")
        assert service.hears("message.new")["subject"] == "Number 1"
        assert [account["paused"] for account in service.api.post("/pause")["accounts"]] == [True, True]
        one.deliver(raw(3))
        two.deliver(raw(4))
        service.api.post(f"/accounts/{second}/resume")
        assert service.hears("message.new")["subject"] == "Number 4"
        assert "Number 3" not in service.subjects
        assert [account["paused"] for account in service.api.post("/resume")["accounts"]] == [False, False]
        assert service.hears("message.new")["subject"] == "Number 3"
        assert service.audit == [
            "control.resume-all", "accounts.resume", "control.pause-all", "accounts.resume", "accounts.pause",
            "accounts.create", "accounts.create",
        ]  # fmt: skip


@pytest.mark.docker
def test_what_a_server_does_not_tell_is_fetched_on_demand(dovecot: DovecotServer, user: str, tmp_path: Path) -> None:
    """In a folder that is looked at every 25 minutes mail is there as soon as its user asks for it."""
    with dovecot.client(user) as client:
        client.create_folder("Archive")
    with Running(tmp_path) as service:
        account = service.follow(Imap(dovecot, user), folders=["INBOX", "Archive"], poll_seconds=1500)
        dovecot.append(user, raw(1))
        service.hears("message.new", subject="Number 1")
        dovecot.append(user, raw(2), folder="Archive")
        service.api.post(f"/accounts/{account}/sync")
        service.hears("message.new", subject="Number 2")
        assert service.audit == ["accounts.sync", "accounts.create"]
