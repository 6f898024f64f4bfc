"""The export: all mail and all that is known of it, in bounded memory."""

from __future__ import annotations

import mailbox
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from service.store import export
from service.store.export import _quoted
from service.store.tables import Message, Raw, Thread, User
from tests.service.api.seed import PDF, fill
from tests.service.store.followed import BEGIN, add_mailbox, mail

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Database

MANY = 800
TEXT = "word " * 10_000


@pytest.fixture
def owner(database: Database) -> int:
    """A user without mail."""
    with database.write() as session:
        user = User(name="ann", created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(user)
    return user.id


def test_mail_is_read_back_by_another_program(database: Database, owner: int, tmp_path: Path) -> None:
    """Python's own reader of mbox finds each message, with its separator's address and time."""
    fill(database)
    file = tmp_path / "mail.mbox"
    file.write_bytes(b"".join(export.mbox(database, owner)))
    with closing(mailbox.mbox(file, create=False)) as opened:
        read = list(opened)
    assert [message["Subject"] for message in read] == [
        "Lunch on Friday?", "Re: Lunch on Friday?", "Your receipt", "Weekly news", "Another",
    ]  # fmt: skip
    assert read[2].get_from() == "shop@example.net Thu Jan  1 12:01:00 2026"
    assert read[2].as_bytes() == PDF


def test_what_looks_like_a_separator_is_marked(database: Database, owner: int) -> None:
    """Each such line gets one more ">", so that taking one away gives the message back."""
    add_mailbox(database, owner).deliver(mail(text="From here on\n>From there\n >From elsewhere\n"))
    [message] = export.mbox(database, owner)
    assert b"\n>From here on\n>>From there\n >From elsewhere\n" in message
    assert message.startswith(b"From bob@example.com Thu Jan  1 12:01:00 2026\nFrom: Bob")


@given(
    st.lists(st.sampled_from([b"From me", b">From me", b">>From", b"From", b" From me", b"", b"x\r"])).map(b"\n".join)
)
def test_marking_can_be_undone(data: bytes) -> None:
    """For any message: no line of it is a separator, and nothing is lost but the kind of line end."""
    lines = _quoted(data).split(b"\n")
    assert lines[-2:] == [b"", b""]
    assert not [line for line in lines if line.startswith(b"From ")]
    undone = [line[1:] if line.lstrip(b">").startswith(b"From ") and line[:1] == b">" else line for line in lines]
    expected = data.replace(b"\r\n", b"\n")
    assert b"\n".join(undone).removesuffix(b"\n").removesuffix(b"\n") == expected.removesuffix(b"\n")


def test_all_that_is_known_is_exported(database: Database, owner: int) -> None:
    """Accounts without their secrets, and each message with what the assistant made of it."""
    filled = fill(database)
    records = list(export.records(database, owner))
    assert [record["record"] for record in records] == ["account"] * 2 + ["message"] * 5
    assert "secret" not in records[0]
    question = next(record for record in records if record["record"] == "message" and record["id"] == filled.question)
    assert question["folders"] == ["INBOX"]
    assert question["analysis"]["category"] == "needs-reply"
    assert question["draft"]["text"] == "Thank you."
    assert question["correction"] is None


def test_the_mail_of_others_is_not_exported(database: Database, owner: int) -> None:
    """Each user has what is theirs."""
    fill(database)
    with database.write() as session:
        other = User(name="bob", created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(other)
    assert list(export.mbox(database, other.id)) == []
    assert list(export.records(database, other.id)) == []


def test_a_large_mailbox_is_exported_in_bounded_memory(database: Database, owner: int) -> None:
    """What is held at a time is a small part of what is sent, and does not grow."""
    box = add_mailbox(database, owner)
    with database.write() as session:
        thread = Thread(user_id=owner, subject="", subject_key="", latest_at=BEGIN)
        session.add(thread)
        session.flush()
        rows = [
            {
                "user_id": owner, "account_id": box.account_id, "thread_id": thread.id, "identity": str(n),
                "message_id": "", "subject": f"Number {n}", "sender_name": "", "sender": "bob@example.com",
                "recipients": [],
                "received_at": BEGIN + timedelta(seconds=n), "stored_at": BEGIN, "size": len(TEXT), "text": "",
                "html": TEXT, "attachments": [], "defects": [],
            }
            for n in range(MANY)
        ]  # fmt: skip
        ids = session.scalars(insert(Message).returning(Message.id), rows)
        session.execute(insert(Raw), [{"message_id": id_, "data": TEXT.encode(), "complete": True} for id_ in ids])
    del rows
    for exported in (
        export.mbox(database, owner),
        (str(record).encode() for record in export.records(database, owner)),
    ):
        sent = count = 0
        tracemalloc.start()
        for part in exported:
            sent, count = sent + len(part), count + 1
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count >= MANY
        assert sent > MANY * len(TEXT)
        assert most < sent / 2
