"""The site as browsers know it: its origin, its cookies, and which requests come from its own pages."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

CSRF = "X-CSRF-Token"
"""The header of what `csrf_token` gives."""
_SAFE = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1
_LINKED = "/auth/"  # providers send browsers back there, and lax cookies go along with any link

Cookie = Literal["session", "sign-in"]


class Forged(Exception):
    """A request that a page of somebody else may have had the browser send; the sentence is for its sender."""


class Site:
    """The site at `origin`. Its cookies belong to this host alone, unreadable for scripts and unsent by other sites."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._secure = origin.startswith("https:")

    def name(self, cookie: Cookie) -> str:
        """The cookie's name; `__Host-` (RFC 6265bis, 4.1.3.2) wants TLS, which a developer's own machine has not."""
        return f"__Host-airlock-{cookie}" if self._secure else f"airlock-{cookie}"

    def give(self, response: Response, cookie: Cookie, secret: str, seconds: int) -> None:
        """Set a cookie."""
        name = self.name(cookie)
        response.set_cookie(name, secret, seconds, path="/", secure=self._secure, httponly=True, samesite="lax")

    def take(self, response: Response, cookie: Cookie) -> None:
        """Unset a cookie."""
        response.delete_cookie(self.name(cookie), path="/", secure=self._secure, httponly=True, samesite="lax")

    def read(self, header: str, cookie: Cookie) -> str:
        """What a Cookie header says of a cookie; "" when it says nothing, or several things."""
        # Blanks are those of RFC 6265bis alone: behind others a browser sees no prefix, and has anybody set the cookie.
        pairs = [[side.strip(" \t") for side in pair.split("=", 1)] for pair in header.split(";")]
        values = [value for name, *rest in pairs if name == self.name(cookie) for value in rest]
        return values[0] if len(values) == 1 else ""

    def check(self, method: str, path: str, headers: Mapping[str, str], secret: str) -> None:
        """Raises `Forged` unless it is safe and no link of another site, or sent by a page of the site that knows the
        session's CSRF token.
        """
        if method in _SAFE:
            if not (path.startswith(_LINKED) or headers.get("sec-fetch-site", "none") in ("same-origin", "none")):
                raise Forged(f"a link of another site opens nothing here: go to {self.origin}, or enter the address")
            return
        if not self.sent(headers.get("origin"), headers.get("sec-fetch-site")):
            raise Forged(f"this request comes from no page of {self.origin}, and has the cookie of a session")
        if not hmac.compare_digest(headers.get(CSRF.lower(), "").encode(), csrf_token(secret).encode()):
            raise Forged(f"the header {CSRF} is missing or wrong: GET /auth/check says it")

    def sent(self, origin: str | None, fetch_site: str | None) -> bool:
        """Whether a browser says that a page of the site sent it (Origin, RFC 6454; Sec-Fetch-Site, W3C)."""
        if origin is not None and origin != self.origin:
            return False
        if fetch_site is not None and fetch_site != "same-origin":
            return False
        return origin is not None or fetch_site is not None


def csrf_token(secret: str) -> str:
    """The token that proves that a page could read an answer to its session: an HMAC-SHA-256 with its secret."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), b"CSRF", hashlib.sha256).hexdigest()
