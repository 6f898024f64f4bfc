"""`GET /debug-config`: every setting, for those who may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.settings import Settings
from tests.service.process import TOKEN, free_port, start
from tests.service.provider import ANN, BOB, Browser, MockProvider, signs_in

if TYPE_CHECKING:
    from tests.boot import Boot


def test_the_configuration_is_hidden_unless_asked_for(service: Boot) -> None:
    """By default there is no such resource."""
    assert service.get("/debug-config").status == 404


def test_the_configuration_shows_each_setting_with_its_source() -> None:
    """With DEBUG_CONFIG=true who has the token sees each value, source and meaning, and no cache keeps it."""
    with start(DEBUG_CONFIG="true", TRUSTED_PROXIES="10.0.0.0/8", WORKER_MODE="false") as boot:
        reply = boot.wait_ready().get("/debug-config", Authorization=f"Bearer {TOKEN}")
        assert boot.get("/debug-config").status == 401
    settings = reply.json()["settings"]
    assert reply.fields["cache-control"] == "no-store"
    assert reply.json()["mode"] == "api"
    assert len(settings) == len(Settings.model_fields)
    assert all(entry["description"] for entry in settings.values())
    assert (settings["TRUSTED_PROXIES"]["value"], settings["TRUSTED_PROXIES"]["source"]) == (
        ["10.0.0.0/8"],
        "environment",
    )
    assert (settings["MAX_BODY_SIZE"]["value"], settings["MAX_BODY_SIZE"]["source"]) == (1_000_000, "default")


def test_the_configuration_is_the_owners() -> None:
    """It names people, hosts and paths: somebody else who signs in, or sends a token, is told whose it is."""
    with MockProvider() as provider, start(**signs_in(provider.url, free_port(), DEBUG_CONFIG="true")) as boot:
        boot.wait_ready()
        with Browser(boot) as ann, Browser(boot) as bob:
            ann.sign_in(ANN)
            bob.sign_in(BOB)
            made = bob.send("POST", "/auth/tokens", json={"name": "script", "scope": "read"}).json()["token"]
            for headers in ({}, {"Authorization": f"Bearer {made}"}):
                refused = bob.http.get("/debug-config", headers=headers)
                assert (refused.status_code, "ALLOWED_USERS" in refused.text) == (403, False)
                assert "owner" in refused.json()["detail"]
            assert ANN in ann.http.get("/debug-config").json()["settings"]["ALLOWED_USERS"]["value"]
