"""The providers that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.access.provider import Provider
from service.sign_in_settings import redirect_uri

if TYPE_CHECKING:
    from service.settings import Settings


def providers(settings: Settings) -> dict[str, Provider]:
    """Each by its name, which is in its paths."""
    named = (
        ("google", settings.google_issuer, settings.google_client_id, settings.google_client_secret),
        ("oidc", settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret),
    )
    return {
        name: Provider(name, issuer, client_id, secret, redirect_uri(settings.base_url, name))
        for name, issuer, client_id, secret in named
        if issuer and client_id and secret and settings.base_url
    }
