"""Commands on mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.commands import accounts
from service.commands.command import Refused
from service.mail.demo import account as demo
from service.store import events
from service.store.tables import Account, Message, Thread
from tests.service.commands.conftest import together
from tests.service.store.followed import add_mailbox, mail
from tests.service.store.locks import on_postgresql

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client


def follow(client: Client, maildir: str, name: str = "Work", **more: Any) -> dict[str, Any]:
    """Follow a Maildir."""
    return client.do("accounts.create", kind="maildir", name=name, settings={"path": maildir}, **more)


def stored(client: Client, account_id: int) -> Account:
    """The row of an account."""
    with client.store.database.read() as session:
        return session.scalars(select(Account).where(Account.id == account_id)).one()


def test_a_secret_is_kept_encrypted_and_never_shown(client: Client, maildir: str) -> None:
    """The answer says only that there is one."""
    made = follow(client, maildir, secret="hunter2")
    assert made["has_secret"] is True
    assert "hunter2" not in repr(made)
    secret = stored(client, made["id"]).secret
    assert secret is not None
    assert b"hunter2" not in secret
    assert client.store.vault.unlock(secret) == "hunter2"


def test_settings_that_the_source_cannot_use_are_refused(client: Client) -> None:
    """The kind and each setting are checked before anything is stored."""
    with pytest.raises(Refused, match="there is no kind of mailbox named 'pigeon'") as refused:
        client.do("accounts.create", kind="pigeon", name="Post")
    assert refused.value.errors[0]["where"] == "kind"
    with pytest.raises(Refused) as refused:
        client.do("accounts.create", kind="maildir", name="Etc", settings={"path": "/etc", "speed": 1})
    assert {error["where"] for error in refused.value.errors} == {"settings.path", "settings.speed"}


def test_the_demo_goes_when_there_is_an_account(client: Client, maildir: str) -> None:
    """Its mail is no longer needed; while the new account is refused, it stays."""
    with client.store.database.write() as session:
        assert demo.offer(session, client.user_id)
    with pytest.raises(Refused):
        client.do("accounts.create", kind="pigeon", name="Post")
    assert [one["kind"] for one in client.do("control.pause-all")["accounts"]] == ["demo"]
    made = follow(client, maildir)
    assert [one["id"] for one in client.do("control.resume-all")["accounts"]] == [made["id"]]
    with client.store.database.read() as session:
        told = events.after(session, client.user_id, 0, 10)
    assert told
    assert [event.type for event in told][-2:] == ["account.deleted", "account.created"]


def test_what_is_left_out_of_a_change_stays(client: Client, maildir: str) -> None:
    """Only what is given is changed."""
    made = follow(client, maildir, secret="hunter2", address="ann@example.org")
    changed = client.do("accounts.update", id=made["id"], name="Home")
    assert changed == {**made, "name": "Home"}


def test_a_new_secret_is_tried_at_once(client: Client, maildir: str) -> None:
    """An account that waited for one is new again, and a sync is asked for."""
    made = follow(client, maildir)
    with client.store.database.write() as session:
        account = session.scalars(select(Account)).one()
        account.state, account.error, account.sync_requested_at = "needs_reauth", "the password is refused", None
    changed = client.do("accounts.update", id=made["id"], secret="correct horse")
    assert (changed["state"], changed["error"], changed["has_secret"]) == ("new", "", True)
    assert changed["sync_requested_at"] is not None


def test_a_paused_account_is_synced_when_it_is_resumed(client: Client, maildir: str) -> None:
    """Sync now is refused meanwhile, with the way out."""
    id_ = follow(client, maildir)["id"]
    assert client.do("accounts.pause", id=id_)["paused"] is True
    with pytest.raises(Refused, match="paused: resume it first") as refused:
        client.do("accounts.sync", id=id_)
    assert refused.value.status == 409
    before = stored(client, id_).sync_requested_at
    resumed = client.do("accounts.resume", id=id_)
    assert resumed["paused"] is False
    assert resumed["sync_requested_at"] != before
    synced = client.do("accounts.sync", id=id_)
    assert synced["sync_requested_at"] > resumed["sync_requested_at"]


def test_all_accounts_are_paused_and_resumed(client: Client, maildir: str) -> None:
    """Those that are paused already are not told of again."""
    ids = [follow(client, maildir, name)["id"] for name in ("One", "Two", "Three")]
    client.do("accounts.pause", id=ids[1])
    assert [one["paused"] for one in client.do("control.pause-all")["accounts"]] == [True, True, True]
    assert [one["paused"] for one in client.do("control.resume-all")["accounts"]] == [False, False, False]


def test_a_deleted_account_takes_its_mail_along(client: Client, maildir: str) -> None:
    """A thread that another account shares stays, and is counted anew."""
    one, two = (add_mailbox(client.store.database, client.user_id, name) for name in ("One", "Two"))
    question = mail("Lunch?", Message_ID="<question@example.com>")
    one.deliver(mail("Other", Message_ID="<other@example.com>"))
    [kept] = two.deliver(question)
    one.deliver(question, mail("Re: Lunch?", Message_ID="<answer@example.com>", In_Reply_To="<question@example.com>"))
    client.do("accounts.delete", id=one.account_id)
    with client.store.database.read() as session:
        assert session.scalars(select(Account.id)).all() == [two.account_id]
        [message] = session.scalars(select(Message)).all()
        [thread] = session.scalars(select(Thread)).all()
        assert message.id == kept
        assert (thread.id, thread.message_count, thread.latest_at) == (message.thread_id, 1, message.received_at)


def test_an_id_is_given_once(client: Client, maildir: str) -> None:
    """What was meant for a mailbox that is gone never meets another one."""
    given: dict[str, Any] = {"kind": "maildir", "name": "Work", "settings": {"path": maildir}}
    gone = client.do("accounts.create", **given)["id"]
    client.do("accounts.delete", id=gone)
    assert client.do("accounts.create", **given)["id"] > gone


def test_accounts_are_no_more_than_a_list_shows(client: Client, maildir: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused with the number."""
    monkeypatch.setattr(accounts, "MOST", 1)
    follow(client, maildir)
    with pytest.raises(Refused, match="there are 1 accounts already"):
        follow(client, maildir)


@on_postgresql
def test_accounts_that_are_made_at_once_are_all_counted(
    client: Client, maildir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second waits for the first, and is one too many."""
    monkeypatch.setattr(accounts, "MOST", 1)
    given = {"kind": "maildir", "name": "Work", "settings": {"path": maildir}}
    first, second = together(client, ("accounts.create", given), ("accounts.create", given))
    assert first.result()["name"] == "Work"
    with pytest.raises(Refused, match="there are 1 accounts already"):
        second.result()
