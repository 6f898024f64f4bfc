"""`GET /`: what runs here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import probes
from tests.service.process import start

if TYPE_CHECKING:
    from tests.boot import Boot


def test_the_root_says_what_runs_here(service: Boot) -> None:
    """Name, version, mode and uptime are there, and an unknown commit is null."""
    first, second = service.get("/"), service.get("/")
    body = first.json()
    assert first.status == 200
    assert first.fields["content-type"] == "application/json"
    assert {name: body[name] for name in ("name", "version", "commit", "mode")} == {
        "name": "airlock",
        "version": probes.__version__,
        "commit": None,
        "mode": "all",
    }
    assert 0 <= body["uptime_seconds"] <= second.json()["uptime_seconds"]


def test_the_root_names_the_commit_that_it_was_built_from() -> None:
    """The commit comes from the environment of the image."""
    with start(AIRLOCK_COMMIT="0123abc") as boot:
        assert boot.wait_ready().get("/").json()["commit"] == "0123abc"
