"""The demo's account: offered to who has nothing yet, withdrawn when there is an account of the user's own.

All but `arrange_all` are called in a transaction that writes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from service.mail.demo.mailbox import ADDRESS, KIND
from service.store import events, threads
from service.store.tables import Account, Audit, Correspondent, Learned, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database


def arrange_all(database: Database, *, wanted: bool) -> None:
    """Offer the demo to each user or withdraw it, as `arrange` does."""
    with database.write() as session:
        for user_id in session.scalars(select(User.id)).all():
            arrange(session, user_id, wanted=wanted)


def arrange(session: Session, user_id: int, *, wanted: bool) -> None:
    """Offer the demo or withdraw it, as the user's accounts and DEMO (`wanted`) say."""
    own = select(exists().where(Account.user_id == user_id, Account.kind != KIND))
    if wanted and not session.scalars(own).one():
        offer(session, user_id)
    else:
        withdraw(session, user_id)


def offer(session: Session, user_id: int) -> int | None:
    """Make the demo's account for a user who has no account and never had one; returns its id, or None."""
    # The lock lets one worker alone come here at a time; an account that is gone has left its events.
    user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    if user.last_event or session.scalars(select(exists().where(Account.user_id == user_id))).one():
        return None
    now = datetime.now(UTC)
    account = Account(
        user_id=user_id,
        kind=KIND,
        name="Demo",
        address=ADDRESS,
        settings={"made_at": now.isoformat()},
        created_at=now,
    )
    session.add(account)
    session.flush()
    told = {"account_id": account.id, "name": account.name, "state": account.state, "paused": account.paused}
    _note(session, "accounts.create", account, events.New("account.created", told, account.id))
    return account.id


def withdraw(session: Session, user_id: int) -> bool:
    """Delete the demo's account with its mail and what was learned from it; returns whether there was one."""
    found = select(Account).where(Account.user_id == user_id, Account.kind == KIND).with_for_update()
    account = session.scalars(found).one_or_none()
    if account is None:
        return False
    threads.forget_account(session, account)
    for table in (Learned, Correspondent):  # until now there was no other mail
        session.execute(delete(table).where(table.user_id == user_id))
    _note(session, "accounts.delete", account, events.New("account.deleted", {"account_id": account.id}, account.id))
    return True


def _note(session: Session, action: str, account: Account, event: events.New) -> None:
    detail = {"account_id": account.id}
    audit = Audit(user_id=account.user_id, at=datetime.now(UTC), actor="demo", action=action, detail=detail)
    session.add(audit)
    events.append(session, account.user_id, event)
