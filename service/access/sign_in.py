"""Signing in: the browser is sent to a provider, and comes back once, with a code, as the browser that left."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete

from service.access.caller import digest
from service.store import clock
from service.store.tables import SignIn

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database

LASTS = timedelta(minutes=10)
"""How long somebody may be at the provider."""

_LONGEST = 2000  # characters
_ERROR = re.compile(r"[a-z_]{1,40}")
_PATH = re.compile(r"/(?:[^/\\\0-\x20\x7f][^\\\0-\x20\x7f]*)?")


class Stale(Exception):
    """A browser comes back that did not leave, or not from here, or comes again, or late."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a browser takes along: `state`, `nonce` and the verifier for the provider, and a secret as its cookie."""

    state: str
    nonce: str
    verifier: str
    browser: str


class Departures:
    """The browsers that are at a provider; threads may share it. Everything raises the database's errors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, provider: str, path: str, browser: str = "") -> Leaving:
        """Have a browser leave; it is to go to `path` when it is back. `browser` is the secret that it has already."""
        state, nonce, verifier, made = (secrets.token_urlsafe(32) for _ in range(4))
        leaving = Leaving(state, nonce, verifier, browser or made)
        with self._database.write() as session:
            session.add(
                SignIn(
                    state=digest(leaving.state), browser=digest(leaving.browser), provider=provider,
                    nonce=leaving.nonce, verifier=leaving.verifier, path=path, ends_at=clock.now(session) + LASTS,
                )
            )  # fmt: skip
        return leaving

    def end(self, provider: str, state: str, browser: str) -> SignIn:
        """What was noted when the browser left; a second time there is nothing. Raises `Stale`."""
        with self._database.write() as session:
            row = session.execute(delete(SignIn).where(SignIn.state == digest(state)).returning(SignIn)).scalar()
            now = clock.now(session)
            if row is not None:
                session.expunge(row)
        if row is None or now >= row.ends_at or row.provider != provider:
            raise Stale
        if not hmac.compare_digest(row.browser, digest(browser)):
            raise Stale
        return row


def forget(session: Session) -> None:
    """Delete what was noted of browsers that never came back."""
    session.execute(delete(SignIn).where(SignIn.ends_at <= clock.now(session)))


def own_path(text: str) -> str:
    """A path of this site, with its query; "/" for what a browser could take for another site's address."""
    return text if len(text) <= _LONGEST and _PATH.fullmatch(text) else "/"


def reason(error: str) -> str:
    """Why a provider gives nothing, by the `error` of its answer (RFC 6749, 4.1.2.1); what is none is not said."""
    return error if _ERROR.fullmatch(error) else "nothing that is known"
