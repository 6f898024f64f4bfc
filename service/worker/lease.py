"""Who follows which account: one worker each, by a lease in the database that a dead worker lets go in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from service.store.clock import now
from service.store.tables import Account

if TYPE_CHECKING:
    from service.store.database import Database

TERM = timedelta(seconds=30)
"""After so long without a renewal an account goes to another worker."""


@dataclass(frozen=True, slots=True)
class Leased:
    """An account that this worker follows."""

    id: int
    sync_requested_at: datetime | None


class Leases:
    """The accounts of one worker, by its executor id."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self._owner = owner

    def renew(self) -> list[Leased]:
        """Keep what this worker has, and take one account more that nobody follows: so several workers share them.

        A paused account, and one whose owner has to sign in again, is nobody's.
        """
        with self._database.write() as session:
            at = now(session)
            wanted = (Account.paused.is_(False), Account.state != "needs_reauth")
            mine = select(Account.id).where(Account.lease_owner == self._owner, *wanted)
            free = (
                select(Account.id)
                .where(
                    or_(Account.lease_owner == "", Account.lease_until < at),
                    Account.lease_owner != self._owner,
                    *wanted,
                )
                .order_by(Account.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            taken = [*session.scalars(mine), *session.scalars(free)]
            held = update(Account).where(Account.id.in_(taken)).values(lease_owner=self._owner, lease_until=at + TERM)
            session.execute(held)
            session.execute(
                update(Account)
                .where(Account.lease_owner == self._owner, Account.id.not_in(taken))
                .values(lease_owner="")
            )
            rows = session.execute(select(Account.id, Account.sync_requested_at).where(Account.id.in_(taken)))
            return [Leased(row.id, row.sync_requested_at) for row in rows]

    def release(self) -> None:
        """Let every account go."""
        with self._database.write() as session:
            session.execute(update(Account).where(Account.lease_owner == self._owner).values(lease_owner=""))
