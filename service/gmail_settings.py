"""The settings of mailboxes at Gmail. They are connected where GOOGLE_CLIENT_ID is set."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, field_validator

from service import values
from service.setting import setting
from service.sign_in_settings import GOOGLE, SignInSettings, same_uri


class GmailSettings(SignInSettings):
    """What else there is to say about Google."""

    google_issuer: Annotated[str, BeforeValidator(values.issuer)] = setting(
        "GOOGLE_ISSUER",
        GOOGLE,
        says="Google's issuer, below which it says where its OAuth endpoints are; another one stands in for Google.",
        accepted="'https://…', or 'http://localhost:…' on a developer's own machine",
    )
    gmail_api_url: Annotated[str, BeforeValidator(values.issuer)] = setting(
        "GMAIL_API_URL",
        "https://gmail.googleapis.com",
        says="Where Gmail's API is; another one stands in for Gmail.",
        accepted="'https://…', or 'http://localhost:…' on a developer's own machine",
    )
    gmail_send: Annotated[bool, BeforeValidator(values.switch)] = setting(
        "GMAIL_SEND",
        False,
        says="Whether users may have replies sent that they have read; who connects a mailbox is then asked for that.",
        accepted="'true' or 'false'",
    )
    gmail_redirect_uri: Annotated[str, BeforeValidator(values.key)] | None = setting(
        "GMAIL_REDIRECT_URI",
        None,
        says="What is registered with Google as the redirect URI of mailboxes, to have it compared; it is made from "
        "BASE_URL.",
        accepted="BASE_URL with '/auth/callback/gmail' behind it",
    )

    @field_validator("gmail_redirect_uri")
    @classmethod
    def _is_where_mailboxes_come_back(cls, uri: str | None, others: ValidationInfo) -> str | None:
        return same_uri(uri, others, "gmail")
