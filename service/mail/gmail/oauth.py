"""Google's OAuth endpoints (RFC 6749, 7009), asked as the client that the operator registered."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from service.mail.source import NeedsReauth, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.mail.gmail.registration import Registration

READ = "https://www.googleapis.com/auth/gmail.readonly"
"""The scope of who reads mail and changes nothing."""
SEND = "https://www.googleapis.com/auth/gmail.send"
"""The scope of who sends mail, and neither reads nor changes any."""
TIMEOUT = 20.0
"""Seconds for each answer."""
_LONGEST = 7200  # seconds that an access token is used
_CLIENT = {"invalid_client", "unauthorized_client"}

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it has a line for each request


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens a mailbox for `seconds`, and what gets more of that; "" where Google sent no new one."""

    access: str
    refresh: str
    seconds: float
    scopes: frozenset[str]


def refresh(registration: Registration, token: str) -> Tokens:
    """New tokens for a refresh token. Raises `SourceError`; `NeedsReauth` when the token is worth nothing any more."""
    with _client(registration) as client, _Asked():
        # Authlib puts the old one where there is no new one.
        told = client.refresh_token(_endpoint(registration, "token_endpoint"), refresh_token=token)
        return _tokens(told)


def authorization_url(
    registration: Registration, redirect_uri: str, scopes: Iterable[str], state: str, verifier: str
) -> str:
    """Where a browser goes to have access granted; with PKCE by S256. Raises `SourceError`.

    What was granted to sign-in is not added: the tokens open the mailbox, and nothing beside it.
    """
    with _client(registration, scope=" ".join(scopes), redirect_uri=redirect_uri) as client, _Asked():
        client.code_challenge_method = "S256"
        # Google gives a refresh token for offline access, and each time when it is to ask for consent.
        more = {"access_type": "offline", "prompt": "consent"}
        endpoint = _endpoint(registration, "authorization_endpoint")
        return str(client.create_authorization_url(endpoint, state=state, code_verifier=verifier, **more)[0])


def redeem(registration: Registration, redirect_uri: str, code: str, verifier: str) -> Tokens:
    """The tokens for a code that a browser has brought back. Raises `SourceError`."""
    with _client(registration, redirect_uri=redirect_uri) as client, _Asked():
        endpoint = _endpoint(registration, "token_endpoint")
        told = client.fetch_token(endpoint, code=code, code_verifier=verifier, grant_type="authorization_code")
        return _tokens(told)


def revoke(registration: Registration, token: str) -> None:
    """Have a refresh token, and what it opened, be worth nothing from now on. Raises `SourceError`."""
    with _client(registration) as client, _Asked():
        answer = client.revoke_token(_endpoint(registration, "revocation_endpoint"), token=token)
        if answer.status_code != 400:  # Google's word for a token that is worth nothing already
            answer.raise_for_status()


def _client(registration: Registration, **more: Any) -> OAuth2Client:
    return OAuth2Client(
        registration.client_id,
        registration.client_secret.get_secret_value(),
        token_endpoint_auth_method="client_secret_post",  # noqa: S106  # a method, no secret
        revocation_endpoint_auth_method="none",
        timeout=TIMEOUT,
        **more,
    )


class _Asked:
    """A context in which whatever goes wrong at Google becomes a `SourceError`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case OAuthError() if error.error == "invalid_grant":
                raise NeedsReauth(
                    "Google does not accept the access any more that it was given to this mailbox: connect it again"
                ) from None
            case OAuthError() if str(error.error) in _CLIENT:
                raise SourceError(
                    "Google does not know this service: its operator compares GOOGLE_CLIENT_ID and "
                    "GOOGLE_CLIENT_SECRET with what Google's console shows"
                ) from None
            case OAuthError():
                raise SourceError("Google gives no access to this mailbox now: it is tried again") from None
            case httpx2.HTTPError() | ValueError() | KeyError() | TypeError():
                raise SourceError(
                    f"Google does not say how to open this mailbox ({type(error).__name__}): it is tried again"
                ) from error


def _tokens(told: dict[str, Any]) -> Tokens:
    access, again, seconds = told["access_token"], told.get("refresh_token") or "", told.get("expires_in") or 0
    if not isinstance(access, str) or not isinstance(again, str):
        raise TypeError
    return Tokens(access, again, min(float(seconds), _LONGEST), frozenset(str(told.get("scope") or "").split()))


def _endpoint(registration: Registration, name: str) -> str:
    return str(_metadata(registration.issuer)[name])


@functools.lru_cache(maxsize=4)
def _metadata(issuer: str) -> dict[str, Any]:
    """Where what is (OpenID Connect Discovery 1.0, 4); it stays so for as long as the process lives."""
    answer = httpx2.get(f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT).raise_for_status().json()
    if answer["issuer"] != issuer:
        raise ValueError
    found: dict[str, Any] = answer
    return found
