"""Accounts as the worker sees them: whose they are to follow, and what state they are in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.mail.source import Gone
from service.store import events
from service.store.tables import Account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database


def leased(session: Session, account_id: int, lease: str) -> Account:
    """The account, locked until the commit. Raises `Gone` when it is followed under this lease no longer."""
    account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
    if account is None or account.paused or account.lease_owner != lease:
        raise Gone
    return account


def note_state(database: Database, account_id: int, lease: str, state: str, error: str = "") -> None:
    """Note what state an account is in, and tell its owner when that is another one than before. Raises `Gone`.

    "well" is also the time of the last success. That a sync goes on is told the first time alone, when there is much.
    """
    with database.write() as session:
        account = leased(session, account_id, lease)
        if state == "syncing" and account.last_success_at is not None and account.state == "well":
            return
        if state == "well":
            account.last_success_at = datetime.now(UTC)
        if (account.state, account.error) != (state, error):
            account.state, account.error = state, error
            told = {"account_id": account.id, "state": state, "error": error}
            events.append(session, account.user_id, events.New("account.state", told, account.id))
