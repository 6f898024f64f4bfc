"""The settings of signing in: whole or not at all, and in words."""

from __future__ import annotations

import pytest

from probes import Failure
from service.settings import load

GOOGLE = {
    "GOOGLE_CLIENT_ID": "1.apps.googleusercontent.com",
    "GOOGLE_CLIENT_SECRET": "hidden-secret",
    "ALLOWED_USERS": "Ann@Example.org",
    "BASE_URL": "https://Mail.example.org:443/",
}


def test_nothing_is_set_and_nobody_signs_in() -> None:
    """The access token stays the door."""
    assert load().signs_in is False


def test_a_provider_is_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The origin is as browsers write it, and the secret is shown nowhere."""
    for variable, text in {**GOOGLE, "GOOGLE_REDIRECT_URI": "https://mail.example.org/auth/callback/google"}.items():
        monkeypatch.setenv(variable, text)
    settings = load()
    assert (settings.signs_in, settings.base_url) == (True, "https://mail.example.org")
    assert settings.allowed_users == ("ann@example.org",)
    assert "hidden-secret" not in repr(settings.describe())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"BASE_URL": ""}, "BASE_URL is missing (GOOGLE_CLIENT_ID is set"),
        ({"BASE_URL": "http://mail.example.org"}, "unencrypted"),
        ({"BASE_URL": "https://mail.example.org/app"}, "there is no path"),
        ({"GOOGLE_CLIENT_SECRET": ""}, "GOOGLE_CLIENT_SECRET is missing (GOOGLE_CLIENT_ID is set)"),
        ({"GOOGLE_CLIENT_ID": ""}, "(GOOGLE_CLIENT_ID is not set)"),
        ({"ALLOWED_USERS": ""}, "ALLOWED_USERS is missing (GOOGLE_CLIENT_ID is set"),
        ({"ALLOWED_USERS": "ann"}, "'ann' is no address"),
        ({"ALLOWED_DOMAINS": "*"}, "'*' is no domain"),
        (
            {"GOOGLE_REDIRECT_URI": "https://old.example.org/auth/callback/google"},
            "browsers come back to 'https://mail.example.org/auth/callback/google'",
        ),
        (
            {"GMAIL_REDIRECT_URI": "https://mail.example.org/auth/callback/google"},
            "browsers come back to 'https://mail.example.org/auth/callback/gmail'",
        ),
        ({"GOOGLE_ISSUER": "http://google.example.org"}, "unencrypted"),
        ({"GMAIL_API_URL": "http://gmail.example.org"}, "unencrypted"),
        ({"OIDC_ISSUER": "https://id.example.org"}, "OIDC_CLIENT_ID is missing (OIDC_ISSUER is set)"),
        ({"OIDC_ISSUER": "http://id.example.org"}, "unencrypted"),
    ],
)
def test_what_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], sentence: str) -> None:
    """Before anything serves, with the variable's name and without a secret."""
    for variable, text in {**GOOGLE, **changed}.items():
        monkeypatch.setenv(variable, text)
    with pytest.raises(Failure) as raised:
        load()
    assert sentence in raised.value.detail
    assert "hidden-secret" not in raised.value.detail
