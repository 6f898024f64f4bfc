"""The settings of signing in. Without a provider nobody signs in, and the access token is the door."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

from service import values
from service.setting import setting
from service.values import Unquoted

T = TypeVar("T")

GOOGLE = "https://accounts.google.com"
"""Google's issuer."""

_URL = "the URL at which browsers find the service, such as 'https://mail.example.org'"


class SignInSettings(BaseSettings):
    """They are judged in this order, so that what needs another variable comes after it."""

    google_client_id: Annotated[str, BeforeValidator(values.key)] | None = setting(
        "GOOGLE_CLIENT_ID",
        None,
        says="The OAuth client with which people sign in with Google, at /auth/google.",
        accepted="the client ID that Google's console shows, '….apps.googleusercontent.com'",
    )
    google_client_secret: Annotated[SecretStr, BeforeValidator(values.key)] | None = setting(
        "GOOGLE_CLIENT_SECRET",
        None,
        says="The secret of that client.",
        accepted="the client secret that Google's console shows",
        judge_unset=True,
    )
    oidc_issuer: Annotated[str, BeforeValidator(values.issuer)] | None = setting(
        "OIDC_ISSUER",
        None,
        says="An OpenID provider with which people sign in, at /auth/oidc.",
        accepted="the provider's issuer, 'https://…', below which is /.well-known/openid-configuration",
    )
    oidc_client_id: Annotated[str, BeforeValidator(values.key)] | None = setting(
        "OIDC_CLIENT_ID",
        None,
        says="The service's client ID at OIDC_ISSUER.",
        accepted="the client ID that the provider gave",
        judge_unset=True,
    )
    oidc_client_secret: Annotated[SecretStr, BeforeValidator(values.key)] | None = setting(
        "OIDC_CLIENT_SECRET",
        None,
        says="The service's client secret at OIDC_ISSUER.",
        accepted="the client secret that the provider gave",
        judge_unset=True,
    )
    allowed_domains: Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.domains)] = setting(
        "ALLOWED_DOMAINS",
        (),
        says="Everybody with a verified address in one of these domains may sign in.",
        accepted="domains separated by commas, such as 'example.org'",
    )
    allowed_users: Annotated[tuple[str, ...], NoDecode, BeforeValidator(values.mail_addresses)] = setting(
        "ALLOWED_USERS",
        "",
        says="The verified addresses that may sign in; the first of them is the owner, whom the access token stands "
        "for.",
        accepted="addresses separated by commas, such as 'ann@example.org'",
        judge_unset=True,
    )
    base_url: Annotated[str, BeforeValidator(values.site)] | None = setting(
        "BASE_URL",
        None,
        says="Where browsers find the service; a provider sends them back to /auth/callback/… there.",
        accepted=f"{_URL}, or 'http://localhost:8000' on a developer's own machine",
        judge_unset=True,
    )
    google_redirect_uri: Annotated[str, BeforeValidator(values.key)] | None = setting(
        "GOOGLE_REDIRECT_URI",
        None,
        says="What is registered with Google as redirect URI, to have it compared; it is made from BASE_URL.",
        accepted="BASE_URL with '/auth/callback/google' behind it",
    )
    oidc_redirect_uri: Annotated[str, BeforeValidator(values.key)] | None = setting(
        "OIDC_REDIRECT_URI",
        None,
        says="What is registered with the provider as redirect URI, to have it compared; it is made from BASE_URL.",
        accepted="BASE_URL with '/auth/callback/oidc' behind it",
    )
    session_idle: Annotated[int, Field(ge=60, le=31_536_000)] = setting(
        "SESSION_IDLE",
        86_400,
        says="Seconds after its last use that a browser stays signed in.",
        accepted="a whole number of seconds from 60 to 31536000",
    )
    session_lifetime: Annotated[int, Field(ge=60, le=31_536_000)] = setting(
        "SESSION_LIFETIME",
        2_592_000,
        says="Seconds after which a browser has to sign in again, whatever happened.",
        accepted="a whole number of seconds from 60 to 31536000",
    )

    @field_validator("google_client_secret")
    @classmethod
    def _google_is_whole(cls, secret: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        return _both("GOOGLE_CLIENT_ID", others.data.get("google_client_id", ""), secret)

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _oidc_is_whole(cls, value: T | None, others: ValidationInfo) -> T | None:
        return _both("OIDC_ISSUER", others.data.get("oidc_issuer", ""), value)

    @field_validator("allowed_users")
    @classmethod
    def _somebody_may(cls, users: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if not users and not others.data.get("allowed_domains", "") and (named := _providers(others)):
            raise Unquoted(f"{named} is set, and so is neither ALLOWED_USERS nor ALLOWED_DOMAINS: nobody could sign in")
        return users

    @field_validator("base_url")
    @classmethod
    def _browsers_come_back(cls, url: str | None, others: ValidationInfo) -> str | None:
        if url is None and (named := _providers(others)):
            raise Unquoted(f"{named} is set, and a provider has to know where to send browsers back to")
        return url

    @field_validator("google_redirect_uri", "oidc_redirect_uri")
    @classmethod
    def _is_where_browsers_come_back(cls, uri: str | None, others: ValidationInfo) -> str | None:
        return same_uri(uri, others, (others.field_name or "").removesuffix("_redirect_uri"))

    @property
    def idle(self) -> timedelta:
        """SESSION_IDLE."""
        return timedelta(seconds=self.session_idle)

    @property
    def lifetime(self) -> timedelta:
        """SESSION_LIFETIME."""
        return timedelta(seconds=self.session_lifetime)

    @property
    def signs_in(self) -> bool:
        """Whether there is a provider."""
        return self.google_client_id is not None or self.oidc_issuer is not None


def redirect_uri(base_url: str, provider: str) -> str:
    """Where a provider sends browsers back to (RFC 6749, 3.1.2)."""
    return f"{base_url}/auth/callback/{provider}"


def same_uri(uri: str | None, others: ValidationInfo, provider: str) -> str | None:
    """The URI that is registered with a provider, when it is the one that BASE_URL makes. Raises ValueError."""
    base = others.data.get("base_url")
    if uri is not None and base and uri != (derived := redirect_uri(base, provider)):
        raise ValueError(f"with BASE_URL={base!r} browsers come back to {derived!r}")
    return uri


def _providers(others: ValidationInfo) -> str:
    # A variable that is set and not usable is missing here; its own sentence comes first.
    if others.data.get("google_client_id", "?"):
        return "GOOGLE_CLIENT_ID"
    return "OIDC_ISSUER" if others.data.get("oidc_issuer", "?") else ""


def _both(needed: str, other: object, value: T | None) -> T | None:
    if value is None and other is not None:
        raise Unquoted(f"{needed} is set")
    if value is not None and other is None:
        raise Unquoted(f"{needed} is not set")
    return value
