"""The access to one mailbox: an access token that is there when it is needed, got with the refresh token."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from service.mail.gmail import oauth

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.mail.gmail.registration import Registration

_EARLY = 60.0
"""Seconds before its end that an access token is not used any more."""


class Grant:
    """Threads may share it: however many need a token, one gets it. `keep` is told of a new refresh token at once."""

    def __init__(self, registration: Registration, refresh_token: str, keep: Callable[[str], None]) -> None:
        self._registration = registration
        self._refresh_token = refresh_token
        self._keep = keep
        self._lock = threading.Lock()
        self._access = ""
        self._until = 0.0

    def token(self) -> str:
        """An access token. Raises `SourceError`."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._renew()
            return self._access

    def refused(self, token: str) -> None:
        """Get another one in place of a token that Gmail does not take. Raises `SourceError`."""
        with self._lock:
            if token == self._access:
                self._renew()

    def _renew(self) -> None:
        tokens = oauth.refresh(self._registration, self._refresh_token)
        if tokens.refresh not in ("", self._refresh_token):
            self._keep(tokens.refresh)  # before anything else: the old one may be worth nothing now
            self._refresh_token = tokens.refresh
        self._access = tokens.access
        self._until = time.monotonic() + max(tokens.seconds - _EARLY, tokens.seconds / 2)
