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
    from service.mail.gmail.registration import Registration

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
