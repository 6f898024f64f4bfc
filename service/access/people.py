"""People: who may sign in, and which user each of them is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from service.store.database import one_at_a_time
from service.store.people import forgotten
from service.store.scope import read_as, write_as
from service.store.tables import ApiToken, BrowserSession, Identity, User

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from service.access.provider import Person
    from service.store.database import Database


class NotAllowed(Exception):
    """A person may not sign in; the sentence is for their eyes."""


class People:
    """Those who may sign in: `users` by their address, everybody in `domains`. The first of `users` is the owner."""

    def __init__(self, database: Database, users: Sequence[str], domains: Sequence[str]) -> None:
        self._database = database
        self._users = users
        self._domains = domains

    def prepare(self) -> None:
        """End the sessions and revoke the tokens of those who may not sign in any more."""
        with write_as(self._database, "everybody") as session:
            gone = self._gone(session, select(Identity.user_id, Identity.email))
            for table in (BrowserSession, ApiToken):
                session.execute(delete(table).where(table.user_id.in_(gone)))

    def gone(self, user_ids: Collection[int]) -> set[int]:
        """Those of the users who may not sign in any more; asked with each request, as other replicas know other lists.

        So are those who deleted everything, whatever was made for them meanwhile; the owner, though, stays.
        """
        with read_as(self._database, "everybody") as session:
            known = select(Identity.user_id, Identity.email).where(Identity.user_id.in_(user_ids))
            return self._gone(session, known) | forgotten(session, user_ids)

    def _gone(self, session: Session, known: Select[int, str]) -> set[int]:
        rows = session.execute(known).all()
        return {row.user_id for row in rows} - {row.user_id for row in rows if self._may(row.email)}

    def user_of(self, person: Person) -> int:
        """The id of the user that a person is; of somebody new it is made. Raises `NotAllowed`."""
        if not person.email:
            raise NotAllowed("the provider does not say that your e-mail address is verified")
        if not self._may(person.email):
            raise NotAllowed("your address is not among those that may sign in here (ALLOWED_USERS, ALLOWED_DOMAINS)")
        with write_as(self._database, "everybody") as session:
            one_at_a_time(session)
            now = datetime.now(UTC)
            identity = session.get(Identity, (person.issuer, person.subject))
            if identity is None:
                owner = session.scalars(select(User).order_by(User.id).limit(1)).one()
                is_owner = (
                    list(self._users[:1]) == [person.email]
                    and not session.scalars(select(Identity.user_id).where(Identity.user_id == owner.id)).first()
                )
                user = owner if is_owner else User(name=person.name or person.email, created_at=now)
                session.add(user)
                session.flush()
                identity = Identity(issuer=person.issuer, subject=person.subject, user_id=user.id)
                session.add(identity)
            identity.email, identity.seen_at = person.email, now
            return identity.user_id

    def _may(self, email: str) -> bool:
        local, _, domain = email.rpartition("@")
        return email in self._users or (local != "" and domain in self._domains)
