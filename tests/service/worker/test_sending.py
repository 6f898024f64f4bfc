"""Sending a draft once, whatever becomes of the request and of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from service.core.mime import parse
from service.mail.source import Arrival, Cursor
from service.settings import Settings, load
from service.store.inbox import StoreInbox
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import Account, Draft, Message
from service.worker import sending
from tests.service.google.server import READ, SEND, GoogleServer
from tests.service.provider import ANN
from tests.service.store.followed import NOW, OWNER, Mailbox, raw

SENDING = "/gmail/v1/users/me/messages/send"


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """Where the mailbox is."""
    with GoogleServer() as server:
        yield server


@pytest.fixture
def settings(google: GoogleServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a service that sends."""
    env = {**google.env, "GMAIL_SEND": "true", "BASE_URL": "http://localhost:8000", "ALLOWED_USERS": ANN}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return load()


class Writer:
    """Somebody whose draft, an answer to a mail at Gmail, is to be sent."""

    def __init__(self, store: Store, settings: Settings, google: GoogleServer, mailbox: Mailbox) -> None:
        self._store, self._settings, self._google, self._mailbox = store, settings, google, mailbox
        self.answered = google.mailbox.deliver(raw(1), thread="thread-1")
        locked = store.vault.lock(google.grant(f"{READ} {SEND}"))
        with store.database.write() as session:
            session.execute(update(Account).where(Account.id == mailbox.account_id).values(kind="gmail", secret=locked))
        inbox = StoreInbox(store.database, Queue(store.database), mailbox.account_id, OWNER)
        inbox.deliver("INBOX", [Arrival(int(self.answered, 16), raw(1), NOW)], Cursor(1))
        with store.database.write() as session:
            message = session.scalars(select(Message)).one()
            draft = Draft(
                user_id=mailbox.user_id, message_id=message.id, subject="Re: Number 1", text="Gladly.",
                to=[{"name": "Ann", "address": "ann@example.com"}], in_reply_to="1@example.com",
                references=["1@example.com"], state="queued", updated_at=NOW,
            )  # fmt: skip
            session.add(draft)
            session.flush()
            self.draft = draft.id

    def send(self) -> None:
        """What a worker does."""
        sending.send(self._store, self._settings, self.draft)

    def give_up(self) -> None:
        """What a worker does when that fails again and again."""
        sending.give_up(self._store.database, self.draft)

    def wants_it_again(self) -> None:
        """As the command does."""
        with self._store.database.write() as session:
            session.execute(update(Draft).values(state="queued"))

    @property
    def state(self) -> str:
        """The draft's."""
        with self._store.database.read() as session:
            return session.scalars(select(Draft.state)).one()

    @property
    def told(self) -> list[tuple[str, Any]]:
        """What was told of it, and why."""
        events = [event for event in self._mailbox.events() if event.type.startswith("draft.")]
        return [(event.type, event.data.get("error", "")) for event in events]

    @property
    def sent(self) -> list[bytes]:
        """What Gmail has sent."""
        return [one.raw for one in self._google.mailbox.messages.values() if "SENT" in one.labels]


@pytest.fixture
def writer(store: Store, settings: Settings, google: GoogleServer, mailbox: Mailbox) -> Writer:
    """Somebody who has said that it is to be sent."""
    return Writer(store, settings, google, mailbox)


def test_a_draft_is_sent_in_its_conversation(writer: Writer, google: GoogleServer) -> None:
    """By Gmail's own name for that, and by the headers that everybody else goes by."""
    writer.send()
    [sent] = writer.sent
    email = parse(sent)
    assert email.sender is not None
    assert (email.sender.address, email.text.strip()) == ("me@example.org", "Gladly.")
    assert (email.in_reply_to, email.references) == (("1@example.com",), ("1@example.com",))
    assert {one.thread for one in google.mailbox.messages.values()} == {"thread-1"}
    assert (writer.state, writer.told) == ("sent", [("draft.sent", "")])


def test_what_is_sent_is_not_sent_again(writer: Writer) -> None:
    """By a worker that does a step again, or one that did not come to note it."""
    writer.send()
    writer.send()
    writer.wants_it_again()
    writer.send()
    assert (len(writer.sent), writer.state) == (1, "sent")


@pytest.mark.parametrize("done", [True, False])
def test_a_lost_answer_is_looked_for(writer: Writer, google: GoogleServer, done: bool) -> None:
    """It is sent where Gmail has it; otherwise nobody sends it again until its writer has looked."""
    if done:
        google.loses = SENDING
    else:
        google.fails(SENDING, 503)
    with pytest.raises(sending.NotFoundYet):
        writer.send()
    assert writer.state == "sending"
    google.loses = ""
    if done:
        writer.send()
        assert (writer.state, writer.told) == ("sent", [("draft.sent", "")])
    else:
        with pytest.raises(sending.NotFoundYet):
            writer.send()
        writer.give_up()
        assert (writer.state, writer.told) == ("unsure", [("draft.unsure", sending.UNSURE)])
        writer.wants_it_again()
        writer.send()
        assert writer.state == "sent"
    assert len(writer.sent) == 1


@pytest.mark.parametrize(("status", "reason"), [(400, "invalidArgument"), (429, "userRateLimitExceeded")])
def test_a_refusal_gives_the_draft_back(writer: Writer, google: GoogleServer, status: int, reason: str) -> None:
    """It is surely not sent, and its writer is told why."""
    google.fails(SENDING, status, reason)
    writer.send()
    [(kind, error)] = writer.told
    assert (writer.state, kind, writer.sent) == ("edited", "draft.failed", [])
    assert "Gmail" in error


def test_who_did_not_allow_to_send_is_told(writer: Writer, google: GoogleServer, store: Store) -> None:
    """The mailbox was connected for reading; it goes on being followed."""
    google.revoke_all()
    locked = store.vault.lock(google.grant(READ))
    with store.database.write() as session:
        session.execute(update(Account).values(secret=locked))
    writer.send()
    [(kind, error)] = writer.told
    assert (writer.state, kind) == ("edited", "draft.failed")
    assert "connect it again" in error


def test_access_that_was_taken_back_is_told(writer: Writer, google: GoogleServer) -> None:
    """Nothing was asked of Gmail, so nothing is unsure."""
    google.revoke_all()
    writer.send()
    assert (writer.state, google.count(SENDING)) == ("edited", 0)
    assert "connect it again" in writer.told[0][1]


def test_a_gmail_that_is_away_gives_the_draft_back(writer: Writer, google: GoogleServer) -> None:
    """After some tries."""
    google.fails("/token", 503, times=99)
    with pytest.raises(Exception, match="tried again"):
        writer.send()
    writer.give_up()
    assert (writer.state, writer.told) == ("edited", [("draft.failed", sending.AWAY)])
