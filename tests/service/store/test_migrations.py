"""A database that an older version has filled: a migration loses nothing of it, and what is there is gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from service.mail.source import Cursor
from service.store import schema, search
from service.store.database import Database
from service.store.migrations import HEAD
from service.store.tables import Event, Message, Raw
from tests.service.store.followed import NOW, OWNER, Mailbox, arrival, raw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Row

    from service.store.url import DatabaseUrl

CONFIG = Config()
CONFIG.set_main_option("script_location", "service.store:migrations")
OLDER = sorted(step.revision for step in ScriptDirectory.from_config(CONFIG).walk_revisions() if step.revision != HEAD)
AT = f"'{NOW:%Y-%m-%d %H:%M:%S}.000000'"
FILLED = {
    "users": ("name, created_at, last_event, pruned_event", f"('ann', {AT}, 1, 0)"),
    "accounts": (
        "user_id, kind, name, address, settings, secret, state, error, paused, created_at, lease_owner",
        f"(1, 'imap', 'Mail', 'me@example.org', '{{\"host\": \"mail\"}}', :raw, 'well', '', false, {AT}, '{OWNER}')",
    ),
    "folders": ("account_id, name, uidvalidity, uidnext, modseq", "(1, 'INBOX', 7, 3, 5)"),
    "threads": ("user_id, subject, subject_key, latest_at, message_count", f"(1, 'Snakes', 'snakes', {AT}, 2)"),
    "messages": (
        """user_id, account_id, thread_id, identity, message_id, subject, sender_name, sender, recipients, received_at,
        stored_at, size, text, html, attachments, defects, seen, flagged, answered, analysed_at""",
        f"""(1, 1, 1, 'a', '1@example.com', 'Snakes', 'Zoë', 'zoe@example.net', '[]', {AT}, {AT}, 9,
        'I keep snake_case, and don''t care.', '', '[]', '[]', true, false, false, {AT}),
        (1, 1, 1, 'b', '2@example.com', 'Re: Snakes', 'Ann', 'ann@example.com', '[]', {AT}, {AT}, 9,
        '日本語 at 10:30', '<p>', '[]', '["a defect"]', false, true, false, NULL)""",
    ),
    "raw_messages": ("message_id, data, complete", "(1, :raw, true), (2, :raw, false)"),
    "placements": (
        "folder_id, message_id, uidvalidity, uid, key, flags",
        "(1, 1, 7, 1, '', '[]'), (1, 2, 7, 2, '', '[]')",
    ),
    "thread_references": ("user_id, message_id, thread_id", "(1, '1@example.com', 1), (1, '2@example.com', 1)"),
    "events": ("user_id, id, type, at, account_id, data", f"(1, 1, 'message.new', {AT}, 1, '{{\"message_id\": 1}}')"),
    "corrections": ("user_id, message_id, category, was, at", f"(1, 1, 'fyi', 'spam', {AT})"),
}
"""The columns and rows of a mailbox with two messages, as the first schema had them; ids count from 1."""
SEARCHES = {"snake_case": [1], "don't": [1], "zoe@example.net": [1], "Zoë": [1], "snakes": [1, 2], "日本* 30": [2]}
"""What is typed, and the ids of what it finds."""


@pytest.fixture(params=OLDER)
def filled(request: pytest.FixtureRequest, empty_url: DatabaseUrl) -> Iterator[Database]:
    """A database of each kind as it was at each older revision, with mail in it."""
    database = Database(empty_url)
    with database.engine.connect().execution_options(writes=True) as connection:
        CONFIG.attributes["connection"] = connection
        command.upgrade(CONFIG, request.param)
        for table, (columns, rows) in FILLED.items():
            given = {"raw": raw(1)} if ":raw" in rows else {}
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES {rows}"), given)  # noqa: S608
        connection.commit()
    yield database
    database.close()


def kept(database: Database) -> dict[str, Sequence[Row[Any]]]:
    """What is there of it now."""
    with database.read() as session:
        return {
            table: session.execute(text(f"SELECT {columns} FROM {table} ORDER BY {columns}")).all()  # noqa: S608
            for table, (columns, _) in FILLED.items()
        }


def found(database: Database, typed: str) -> list[int]:
    """The ids of the messages that a search finds."""
    with database.read() as session:
        matching = select(Message.id).where(search.matches(session, search.parse(typed)))
        return sorted(session.scalars(matching))


def test_a_migration_keeps_what_is_there(filled: Database) -> None:
    """Every row is as it was, and reads as what it was written for."""
    before = kept(filled)
    assert all(before.values())
    assert schema.migrate(filled) == HEAD
    assert kept(filled) == before
    with filled.read() as session:
        assert [(one.data, one.complete) for one in session.scalars(select(Raw))] == [(raw(1), True), (raw(1), False)]
        first, second = session.scalars(select(Message).order_by(Message.id))
        assert (first.received_at, first.seen, first.analysed_at) == (NOW, True, NOW)
        assert (second.defects, second.flagged, second.analysed_at) == (["a defect"], True, None)
        assert session.scalars(select(Event)).one().data == {"message_id": 1}


def test_search_finds_what_was_there_before(filled: Database) -> None:
    """By text, subject and sender."""
    schema.migrate(filled)
    assert {typed: found(filled, typed) for typed in SEARCHES} == SEARCHES


def test_a_mailbox_goes_on_where_it_was(filled: Database) -> None:
    """What comes again is known, and what is new joins its conversation, the log and the search."""
    schema.migrate(filled)
    mailbox = Mailbox(filled, 1, 1)
    assert mailbox.inbox().cursor("INBOX") == Cursor(7, 3, 5)
    reply = raw(3, text="A python?", In_Reply_To="<2@example.com>")
    mailbox.inbox().deliver("INBOX", [arrival(2), arrival(3, reply)], Cursor(7, 4))
    assert [(message.id, message.thread_id) for message in mailbox.messages()] == [(1, 1), (2, 1), (3, 1)]
    assert [(event.id, event.data["message_id"]) for event in mailbox.events()] == [(1, 1), (2, 3)]
    assert found(filled, "python") == [3]
