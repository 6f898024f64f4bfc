"""The model in a running worker: what it is asked of its own accord, and what becomes of that."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.service.ai.endpoint import Asked, Endpoint, Said, says, status
from tests.service.running import Running
from tests.service.store.followed import raw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASKS = "Could you send me the report by Friday? I need the figures for the meeting."
GOOD = says("The report is wanted by Friday.", "Hello,\n\nhere it is.")


def never(released: threading.Event) -> Callable[[Asked], Said]:
    """An endpoint that does not answer before the end of the test."""
    return lambda _: Said(b"{}", when=released)


@pytest.mark.parametrize("endpoint", ["does not answer", "wants to be left alone"])
def test_a_worker_that_is_stopped_does_not_wait_for_the_model(tmp_path: Path, endpoint: str) -> None:
    """Neither for its answer nor for the next try: it ends at once without a fault, and the next start asks again."""
    released = threading.Event()
    plan = never(released) if endpoint == "does not answer" else status(429, Retry_After="10")
    with Endpoint(plan) as model:
        service = Running(tmp_path, AI_BASE_URL=model.url, AI_MODEL="m", AI_TIMEOUT="300", GRACE_PERIOD="20")
        with service:
            service.follow()
            [message] = service.receives(raw(1, text=ASKS))
            model.wait()
            assert service.boot.stop() == 0
            assert "most recent call" not in service.boot.output  # of a fault, or of what had to be cut off
        released.set()
        model.plan = [GOOD]
        with service:
            assert service.hears("message.improved") == {"message_id": message, "draft": True}
            assert service.api.get(f"/messages/{message}")["analysis"]["source"] == "model"
