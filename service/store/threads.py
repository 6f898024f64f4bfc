"""Conversations that lose messages with a mailbox that is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import case, delete, func, select, update

from service.store.chunks import chunks
from service.store.database import one_at_a_time
from service.store.tables import Account, Message, Thread

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ScalarSelect
    from sqlalchemy.orm import Session


def forget_account(session: Session, account: Account) -> None:
    """Delete an account with its mail. Conversations that it shared are counted anew, the others are forgotten."""
    one_at_a_time(session, account.user_id)
    of_account = func.sum(case((Message.account_id == account.id, 1), else_=0))
    # One pass over the user's mail: a join is planned by statistics, which a new mailbox has not got yet.
    by_thread = select(Message.thread_id, func.count() > of_account).where(Message.user_id == account.user_id)
    found = session.execute(by_thread.group_by(Message.thread_id).having(of_account > 0)).all()
    session.execute(delete(Account).where(Account.id == account.id))
    for some in chunks([id_ for id_, is_shared in found if is_shared]):
        counted = {
            "message_count": _of_thread(func.count(Message.id)),
            "latest_at": _of_thread(func.max(Message.received_at)),
        }
        recounted = update(Thread).where(Thread.id.in_(some)).values(counted)
        session.execute(recounted, execution_options={"synchronize_session": False})
    for some in chunks([id_ for id_, is_shared in found if not is_shared]):
        session.execute(delete(Thread).where(Thread.id.in_(some)))


def _of_thread(what: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(what).where(Message.thread_id == Thread.id).scalar_subquery()
