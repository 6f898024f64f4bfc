"""The access token: sent as `Authorization: Bearer` (RFC 6750), it stands for a user."""

from __future__ import annotations

import hmac
import logging
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.access.caller import digest
from service.store.database import one_at_a_time
from service.store.people import owner
from service.store.scope import read_as, write_as
from service.store.tables import AccessToken, User

if TYPE_CHECKING:
    from pydantic import SecretStr
    from sqlalchemy.orm import Session

    from service.store.database import Database

log = logging.getLogger("service.access")

OWNER = "owner"


class Access:
    """The door's keys: `given` is ACCESS_TOKEN, which is the only key where it is set."""

    def __init__(self, database: Database, given: SecretStr | None) -> None:
        self._database = database
        self._given = digest(given.get_secret_value()) if given else None

    def prepare(self, *, serves: bool) -> None:
        """See that there is an owner and, where the API `serves` here, a token, which is printed when it is made.

        Of processes that boot at once one makes both. Raises the database's errors.
        """
        with write_as(self._database, "everybody") as session:
            one_at_a_time(session)
            first = _owner(session)
            if serves and self._given is None and session.scalar(select(AccessToken.id).limit(1)) is None:
                token = secrets.token_urlsafe(32)
                now = datetime.now(UTC)
                session.add(AccessToken(user_id=first.id, name="first boot", digest=digest(token), created_at=now))
                session.flush()
                # Before the commit: a token that is printed and void is made anew, one that is lost is not.
                log.info(
                    "the API is closed, and this token opens it; it is shown this once: %s (send it as "
                    "'Authorization: Bearer TOKEN'; when it is lost, set ACCESS_TOKEN to one of your own)",
                    token,
                )

    def authenticate(self, token: str) -> int | None:
        """The id of the user that a token stands for; None when it opens nothing. Raises the database's errors."""
        found = digest(token)
        with read_as(self._database, "everybody") as session:
            if self._given is not None:
                return owner(session) if hmac.compare_digest(found, self._given) else None
            # Digests are looked up: how long that takes says something of a digest, and nothing of a token.
            return session.scalar(select(AccessToken.user_id).where(AccessToken.digest == found))


def bearer(header: str) -> str:
    """The token in the value of an Authorization header; "" when it has none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _owner(session: Session) -> User:
    owner = session.scalar(select(User).order_by(User.id).limit(1))
    if owner is None:
        owner = User(name=OWNER, created_at=datetime.now(UTC), last_event=0, pruned_event=0)
        session.add(owner)
        session.flush()
    return owner
