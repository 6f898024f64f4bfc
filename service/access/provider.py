"""An OpenID provider: where it is asked, and what of its ID tokens is believed (OpenID Connect Core 1.0, 3.1).

Imported where people sign in alone: Authlib takes long.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

if TYPE_CHECKING:
    from pydantic import SecretStr

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it has a line for each request, with the code in it

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Signatures with a key that the provider alone has: neither "none" nor an HMAC."""
SCOPE = "openid email profile"
_BASIC = "client_secret_basic"
_TIMEOUT = 10.0  # seconds
_FRESH = 3600.0  # seconds that metadata and keys are kept
_LEEWAY = 60  # seconds that clocks may differ


class Unusable(Exception):
    """What the provider says cannot be used; the sentence quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in. `subject` is the provider's name for them; the address is "" unless it is verified."""

    issuer: str
    subject: str
    email: str
    name: str


class Provider:
    """One provider, asked over HTTPS as the client that it knows; everything it is asked raises `Unusable`."""

    def __init__(self, name: str, issuer: str, client_id: str, client_secret: SecretStr, redirect_uri: str) -> None:
        self.name = name
        self.issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = -_FRESH
        self._reading = asyncio.Lock()

    async def authorization_url(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes; always with PKCE by S256, whatever the provider says that it can."""
        metadata = await self._known()
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    async def redeem(self, code: str, nonce: str, verifier: str) -> Person:
        """Who the code is for, that the browser has brought back."""
        metadata = await self._known()
        try:
            async with self._client() as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except OAuthError as error:
            raise Unusable(f"{self.issuer} does not take the code") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise Unusable(f"{self.issuer} does not answer as it should: {type(error).__name__}") from error
        return await self._person(token, nonce)

    async def _person(self, token: dict[str, Any], nonce: str) -> Person:
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise Unusable(f"{self.issuer} sent no ID token")
        try:
            claims = await self._verified(id_token)
            expected = {"iss": {"essential": True, "value": self.issuer}, "nonce": {"essential": True}}
            params = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
            believed = CodeIDToken(claims.claims, claims.header, expected, params)
            believed.validate(leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise Unusable(f"the ID token of {self.issuer} is not believed: {type(error).__name__}") from error
        audience = believed["aud"] if isinstance(believed["aud"], list) else [believed["aud"]]
        if self._client_id not in audience:
            raise Unusable(f"the ID token of {self.issuer} is for another client")
        return _person(self.issuer, believed)

    async def _verified(self, id_token: str) -> jwt.Token:
        await self._known()
        try:
            return self._decoded(id_token)
        except JoseError:
            # Its key may be newer than those that are known here (OpenID Connect Core 1.0, 10.1.1).
            await self._read()
            return self._decoded(id_token)

    def _decoded(self, id_token: str) -> jwt.Token:
        if self._keys is None:
            raise Unusable(f"the keys of {self.issuer} are not known")
        return jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)

    async def _known(self) -> dict[str, Any]:
        if time.monotonic() - self._read_at >= _FRESH:
            await self._read()
        return self._metadata

    async def _read(self) -> None:
        """Metadata and keys (OpenID Connect Discovery 1.0, 4), at most once in ten seconds."""
        async with self._reading:
            if time.monotonic() - self._read_at < _TIMEOUT:
                return
            try:
                async with httpx2.AsyncClient(timeout=_TIMEOUT) as http:
                    metadata = await _json(http, f"{self.issuer}/.well-known/openid-configuration")
                    if metadata.get("issuer") != self.issuer:
                        raise Unusable(f"{self.issuer} says that it is another issuer: OIDC_ISSUER has to be the same")
                    self._keys = KeySet.import_key_set(await _json(http, metadata["jwks_uri"]))  # type: ignore[arg-type]
            except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                raise Unusable(f"{self.issuer} does not answer as it should: {type(error).__name__}") from error
            self._metadata, self._read_at = metadata, time.monotonic()

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._client_id,
            self._secret.get_secret_value(),
            token_endpoint_auth_method=self._shows_secret(),
            scope=SCOPE,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
        )

    def _shows_secret(self) -> str:
        """In the body as Google documents it, or where that alone is known (OpenID Connect Discovery 1.0, 3)."""
        known = self._metadata.get("token_endpoint_auth_methods_supported", [_BASIC])
        return "client_secret_post" if self.name == "google" or _BASIC not in known else _BASIC


async def _json(http: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    answer = (await http.get(url)).raise_for_status().json()
    if not isinstance(answer, dict):
        raise TypeError
    return answer


def _person(issuer: str, claims: dict[str, Any]) -> Person:
    subject, email, name = claims["sub"], claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Unusable(f"the ID token of {issuer} names nobody")
    # Some providers say "true"; whatever else they say is no verification.
    verified = claims.get("email_verified") in (True, "true")
    address = email.lower() if isinstance(email, str) and verified and len(email) <= 320 else ""
    return Person(issuer, subject, address, name[:200] if isinstance(name, str) and name.isprintable() else "")
