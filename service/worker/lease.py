"""Who follows which account: one worker each, by a lease in the database that a dead worker lets go in time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from service.store.clock import now
from service.store.tables import Account

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from service.store.database import Database

_LONGEST = 10
"""A lease that ends after more terms than this was given by a clock that has been set back since."""


@dataclass(frozen=True, slots=True)
class Leased:
    """An account that this worker follows, and the name of its lease, which no other lease ever has.

    What is written for an account is refused under any name but that of the lease that is valid then: so a worker
    that slept through its term cannot spoil what another one, or itself under a later lease, has done since.
    """

    id: int
    kind: str
    lease: str
    sync_requested_at: datetime | None


class Leases:
    """The accounts of one worker, by its name; after `term` without a renewal they go to others."""

    def __init__(self, database: Database, worker: str, term: timedelta) -> None:
        self._database = database
        self._prefix = f"{worker}/"
        self._term = term
        self._held: set[str] = set()

    def begin(self) -> None:
        """Let go of what a worker of this name left when it was killed."""
        with self._database.write() as session:
            left = update(Account).where(Account.lease_owner.startswith(self._prefix, autoescape=True))
            session.execute(left.values(lease_owner=""))

    def renew(self) -> list[Leased]:
        """Keep what this worker has, and take one account more that nobody follows: so several workers share them.

        A paused account, and one whose owner has to sign in again, is nobody's.
        """
        taken = self._prefix + secrets.token_hex(8)
        with self._database.write() as session:
            at = now(session)
            until = at + self._term
            mine = Account.lease_owner.in_(self._held)
            unwanted = or_(Account.paused, Account.state == "needs_reauth")
            session.execute(update(Account).where(mine, unwanted).values(lease_owner=""))
            session.execute(update(Account).where(mine).values(lease_until=until))
            over = or_(Account.lease_until < at, Account.lease_until > at + _LONGEST * self._term)
            free = (
                select(Account.id)
                .where(or_(Account.lease_owner == "", over), ~mine, ~unwanted)
                .order_by(Account.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            self._held.add(taken)  # before it is known whether the commit succeeds: then it is kept, or nobody's
            for account_id in session.scalars(free).all():
                session.execute(
                    update(Account).where(Account.id == account_id).values(lease_owner=taken, lease_until=until)
                )
            rows = session.execute(
                select(Account.id, Account.kind, Account.lease_owner, Account.sync_requested_at).where(
                    Account.lease_owner.in_(self._held)
                )
            )
            leased = [Leased(row.id, row.kind, row.lease_owner, row.sync_requested_at) for row in rows]
        self._held = {account.lease for account in leased}
        return leased

    def release(self) -> None:
        """Let every account go."""
        with self._database.write() as session:
            session.execute(update(Account).where(Account.lease_owner.in_(self._held)).values(lease_owner=""))
        self._held = set()
