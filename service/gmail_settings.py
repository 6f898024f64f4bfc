"""The settings of mailboxes at Gmail. They are connected where GOOGLE_CLIENT_ID is set."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from service import values
from service.setting import setting
from service.sign_in_settings import GOOGLE, SignInSettings


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
