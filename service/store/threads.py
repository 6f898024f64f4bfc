"""Conversations that lose messages with a mailbox that is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, distinct, func, select, update

from service.store.tables import Message, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def shared(session: Session, account_id: int) -> Sequence[int]:
    """The threads of an account that have messages of another one too."""
    of_account = select(Message.thread_id).where(Message.account_id == account_id)
    of_several = select(Message.thread_id).where(Message.thread_id.in_(of_account)).group_by(Message.thread_id)
    return session.scalars(of_several.having(func.count(distinct(Message.account_id)) > 1)).all()


def recount(session: Session, thread_ids: Sequence[int]) -> None:
    """Count these threads anew, and forget those that have no message left, whichever they are."""
    for thread_id in thread_ids:
        found = select(func.count(), func.max(Message.received_at)).where(Message.thread_id == thread_id)
        count, latest = session.execute(found).one()
        counted = {"message_count": count, "latest_at": latest}
        session.execute(update(Thread).where(Thread.id == thread_id).values(counted))
    has_messages = select(Message.id).where(Message.thread_id == Thread.id).exists()
    session.execute(delete(Thread).where(~has_messages))
