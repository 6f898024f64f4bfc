"""WORKER_MODE: what a process serves."""

from __future__ import annotations

import pytest

from tests.service.engine import Polling
from tests.service.process import start


def test_a_worker_serves_no_api() -> None:
    """A worker answers probes and says what it is; all else is a 404."""
    with start(WORKER_MODE="true", DEBUG_CONFIG="true") as boot:
        boot.wait_ready()
        assert boot.get("/").json()["mode"] == "worker"
        assert boot.get("/healthz").status == boot.get("/health").status == boot.get("/metrics").status == 200
        for path in ("/debug-config", "/socket.io/?EIO=4&transport=polling"):
            reply = boot.get(path)
            assert reply.status == 404
            assert reply.fields["content-type"] == "application/problem+json"
        assert boot.stop() == 0


@pytest.mark.parametrize(("text", "mode"), [("false", "api"), ("", "all")])
def test_an_api_serves_live_events(text: str, mode: str) -> None:
    """With and without the worker beside it the API is the same."""
    with start(WORKER_MODE=text) as boot, Polling(boot.wait_ready().url) as client:
        assert f'"mode":"{mode}"' in client.connect()[1]


def test_an_unknown_mode_does_not_boot() -> None:
    """The variable, the value and what is accepted are named."""
    with start(WORKER_MODE="maybe") as boot:
        assert boot.wait() == 2
        assert "WORKER_MODE='maybe' is not usable: accepted is 'true' (worker only)" in boot.output
