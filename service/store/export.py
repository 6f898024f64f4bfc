"""All that a user has here, to be taken along: read in portions, each of one moment, in bounded memory."""

from __future__ import annotations

import re
import time
from datetime import UTC
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.store.scope import read_as
from service.store.tables import Account, Analysis, Correction, Draft, Folder, Message, Placement, Raw, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.store.database import Database

PORTION = 200
"""Messages read at once, at most."""
BYTES = 4_000_000
"""Of these messages together; a larger one is read alone."""
_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_UNSAFE = re.compile(r"[^!-~]")
_LOCAL = {"user_id", "secret", "lease_owner", "lease_until", "uidvalidity", "identity"}
"""What means something to the service alone, or is secret."""
_KNOWN: dict[str, Any] = {"analysis": Analysis, "correction": Correction, "draft": Draft}


def mbox(database: Database, user_id: int) -> Iterator[bytes]:
    """All mail, the oldest first, in the mbox format (RFC 4155): each message with LF line ends and an empty line.

    A line that begins with "From " gets a ">" in front, and one with ">From " another one, so that it can be undone. Of
    a message over the size limit there is its header.
    """
    for ids in _portions(database, user_id):
        with read_as(database, user_id) as session:
            rows = session.execute(
                select(Message.sender, Message.received_at, Raw.data)
                .join_from(Message, Raw, Raw.message_id == Message.id)
                .where(Message.id.in_(ids))
                .order_by(Message.id)
            ).all()
        for row in rows:
            yield _postmark(row.sender, row.received_at) + _quoted(row.data)


def records(database: Database, user_id: int) -> Iterator[dict[str, Any]]:
    """All but the bytes of mail, as JSON objects: accounts and rules, then each message with what is known of it."""
    with read_as(database, user_id) as session:
        for name, table in (("account", Account), ("rule", Rule)):
            yield from [{"record": name, **_plain(row)} for row in session.scalars(select(table).order_by(table.id))]
    for ids in _portions(database, user_id):
        with read_as(database, user_id) as session:
            found = _messages(session, ids)
        yield from found


def _portions(database: Database, user_id: int) -> Iterator[Sequence[int]]:
    last = 0
    while True:
        with read_as(database, user_id) as session:
            next_ = select(Message.id, Message.size).where(Message.id > last).order_by(Message.id).limit(PORTION)
            rows = session.execute(next_).all()
        if not rows:
            return
        sizes = accumulate(row.size for row in rows)
        ids = [row.id for row, size in zip(rows, sizes, strict=True) if size <= BYTES] or [rows[0].id]
        yield ids
        last = ids[-1]


def _messages(session: Session, ids: Sequence[int]) -> list[dict[str, Any]]:
    found = {
        message.id: {"record": "message", **_plain(message), "folders": [], **dict.fromkeys(_KNOWN)}
        for message in session.scalars(select(Message).where(Message.id.in_(ids)).order_by(Message.id))
    }
    for name, table in _KNOWN.items():
        for row in session.scalars(select(table).where(table.message_id.in_(ids))):
            found[row.message_id][name] = _plain(row)
    placed = select(Placement.message_id, Folder.name).join(Folder, Folder.id == Placement.folder_id).distinct()
    for message_id, folder in session.execute(placed.where(Placement.message_id.in_(ids)).order_by(Folder.name)):
        found[message_id]["folders"].append(folder)
    return list(found.values())


def _plain(row: Any) -> dict[str, Any]:
    columns = [column.key for column in row.__mapper__.column_attrs if column.key not in _LOCAL]
    values = {name: getattr(row, name) for name in columns}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _postmark(sender: str, at: datetime) -> bytes:
    """The separator line: an address without blanks, and the time in UTC as asctime writes it."""
    address = _UNSAFE.sub("", sender) or "MAILER-DAEMON"
    return f"From {address} {time.asctime(at.astimezone(UTC).timetuple())}\n".encode()


def _quoted(data: bytes) -> bytes:
    lines = _FROM.sub(rb">\1", data.replace(b"\r\n", b"\n"))
    return lines + (b"\n" if lines.endswith(b"\n") else b"\n\n")
