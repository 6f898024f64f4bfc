"""The authenticator: whom a token or a cookie stands for, and whether it still does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.access.api_tokens import PREFIX, ApiTokens
from service.access.caller import Caller, digest
from service.access.limits import WrongTokens
from service.access.sessions import Sessions
from service.access.site import Site
from service.store import clock
from service.store.people import owner
from service.store.scope import read_as
from service.store.tables import ApiToken, BrowserSession

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.access.people import People
    from service.access.token import Access
    from service.settings import Settings
    from service.store.database import Database


class Browsers:
    """What there is where people sign in: the sessions of their browsers, and the site that these know."""

    def __init__(self, sessions: Sessions, site: Site) -> None:
        self.sessions = sessions
        self.site = site

    @staticmethod
    def by(settings: Settings, database: Database) -> Browsers | None:
        """What the settings describe; None where there is no provider."""
        if not settings.signs_in or settings.base_url is None:
            return None
        return Browsers(Sessions(database, settings.idle, settings.lifetime), Site(settings.base_url))

    def secret(self, cookies: str) -> str:
        """The session's secret in a Cookie header; "" when there is none."""
        return self.site.read(cookies, "session")


class Authenticator:
    """Knows every proof; threads may share it. `browsers` is None where nobody signs in, and then cookies mean nothing;
    with `people` those who may not sign in any more are nobody; without them API tokens are the owner's alone.

    Everything raises the database's errors.
    """

    def __init__(
        self, database: Database, access: Access, browsers: Browsers | None = None, people: People | None = None
    ) -> None:
        self._database = database
        self._access = access
        self.api_tokens = ApiTokens(database)
        self.browsers = browsers
        self._people = people
        self._wrong_tokens = WrongTokens()

    def by_token(self, token: str, network: str) -> Caller | None:
        """Whom a bearer token stands for; None when it opens nothing. `network` is where its client is.

        Raises `Limited` when too many wrong ones have come from there.
        """
        self._wrong_tokens.admit(network, digest(token))
        caller = self._by_token(token)
        self._wrong_tokens.note(network, digest(token), opens=caller is not None)
        return caller

    def _by_token(self, token: str) -> Caller | None:
        if token.startswith(PREFIX) and (found := self.api_tokens.find(token)):
            return self._unless_gone(found)
        user_id = self._access.authenticate(token)
        return None if user_id is None else Caller(user_id, "access token", digest(token))

    def by_session(self, secret: str) -> Caller | None:
        """Whom the secret of a session stands for; None when it has ended."""
        found = None if self.browsers is None else self.browsers.sessions.find(secret)
        return found and self._unless_gone(found)

    def _unless_gone(self, caller: Caller) -> Caller | None:
        return None if self._gone([caller.user_id]) else caller

    def _gone(self, user_ids: Collection[int]) -> set[int]:
        if self._people:
            return self._people.gone(user_ids)
        with read_as(self._database, "everybody") as session:
            return set(user_ids) - {owner(session)}

    def standing(self, callers: Collection[Caller]) -> set[Caller]:
        """Those whose proof still stands. An access token stands as long as the process."""
        sessions = {caller.digest for caller in callers if caller.proof == "session"}
        tokens = {caller.digest for caller in callers if caller.proof == "API token"}
        good: set[str] = set()
        if sessions or tokens:
            with read_as(self._database, "everybody") as session:
                now = clock.now(session)
                alive = (BrowserSession.ends_at > now, BrowserSession.idle_at > now)
                query = select(BrowserSession.digest).where(BrowserSession.digest.in_(sessions), *alive)
                good |= set(session.scalars(query))
                good |= set(session.scalars(select(ApiToken.digest).where(ApiToken.digest.in_(tokens))))
        gone = self._gone({caller.user_id for caller in callers})
        return {
            caller
            for caller in callers
            if caller.proof == "access token" or (caller.digest in good and caller.user_id not in gone)
        }
