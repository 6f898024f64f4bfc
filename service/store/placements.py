"""Where messages are: in which folders, under which UIDs, with which flags; and what that makes of a message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from service.store import events
from service.store.chunks import chunks
from service.store.tables import Folder, Message, Placement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from service.mail.source import Arrival

_FLAGS = {"seen": "\\Seen", "flagged": "\\Flagged", "answered": "\\Answered"}


def state(flags: Iterable[Iterable[str]]) -> dict[str, bool]:
    """What a message is, given its flags in each of its folders: seen anywhere is seen."""
    together = {flag for one in flags for flag in one}
    return {name: flag in together for name, flag in _FLAGS.items()}


def uids(session: Session, folder: Folder, uidvalidity: int, wanted: Sequence[int]) -> set[int]:
    """Which of the UIDs are placed already."""
    return {row.uid for row in _rows(session, folder, uidvalidity, wanted)}


def add(session: Session, folder: Folder, uidvalidity: int, placed: Sequence[tuple[Arrival, int]]) -> None:
    """Place each arrival's message, given by its id."""
    rows = [
        {
            "folder_id": folder.id,
            "message_id": message_id,
            "uidvalidity": uidvalidity,
            "uid": arrival.uid,
            "key": arrival.key,
            "flags": sorted(arrival.flags),
        }
        for arrival, message_id in placed
    ]
    if rows:
        session.execute(insert(Placement), rows)


def flag(session: Session, folder: Folder, uidvalidity: int, flags: Mapping[int, frozenset[str]]) -> set[int]:
    """Set flags by UID; returns the ids of the messages that have others now."""
    touched = set()
    for row in _rows(session, folder, uidvalidity, list(flags)):
        if sorted(flags[row.uid]) != row.flags:
            row.flags = sorted(flags[row.uid])
            touched.add(row.message_id)
    session.flush()
    return touched


def remove(session: Session, folder: Folder, uidvalidity: int, removed: Iterable[int]) -> set[int]:
    """Take messages out of a folder, by UID; returns their ids."""
    touched = set()
    for row in _rows(session, folder, uidvalidity, list(removed)):
        touched.add(row.message_id)
        session.delete(row)
    session.flush()
    return touched


def forget(session: Session, *which: ColumnElement[bool]) -> set[int]:
    """Take messages out of where they are; returns their ids."""
    touched = set(session.scalars(select(Placement.message_id).where(*which)))
    session.execute(delete(Placement).where(*which))
    return touched


def refresh(session: Session, account_id: int, message_ids: Sequence[int]) -> list[events.New]:
    """Have messages say what their placements say; returns an event for each one that says something new."""
    told: list[events.New] = []
    for some in chunks(message_ids):
        flags: dict[int, list[list[str]]] = {}
        placed = select(Placement.message_id, Placement.flags).join(Folder).where(Placement.message_id.in_(some))
        for message_id, found in session.execute(placed):
            flags.setdefault(message_id, []).append(found)
        for message in session.scalars(select(Message).where(Message.id.in_(some)).order_by(Message.id)):
            told += _say(message, flags.get(message.id, []), account_id)
    session.flush()
    return told


def _say(message: Message, flags: Sequence[Sequence[str]], account_id: int) -> list[events.New]:
    if not flags:
        if message.removed_at is not None:
            return []
        message.removed_at = datetime.now(UTC)
        return [events.New("message.removed", {"message_id": message.id}, account_id)]
    before = {name: getattr(message, name) for name in _FLAGS} | {"removed": message.removed_at is not None}
    now: dict[str, Any] = state(flags) | {"removed": False}
    if before == now:
        return []
    message.removed_at = None
    for name in _FLAGS:
        setattr(message, name, now[name])
    return [events.New("message.changed", {"message_id": message.id, **state(flags)}, account_id)]


def _rows(session: Session, folder: Folder, uidvalidity: int, wanted: Sequence[int]) -> list[Placement]:
    found: list[Placement] = []
    for some in chunks(wanted):
        found += session.scalars(
            select(Placement).where(
                Placement.folder_id == folder.id, Placement.uidvalidity == uidvalidity, Placement.uid.in_(some)
            )
        )
    return found
