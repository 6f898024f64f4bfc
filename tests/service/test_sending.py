"""Sending a draft from end to end: by one command, once, though the worker is killed when Gmail has it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.api.client import Api
from tests.service.google.server import READ, SEND, GoogleServer
from tests.service.provider import ANN
from tests.service.store.followed import raw
from tests.service.worker.kept import Kept
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.service.google.server import Asked

SENDING = "/gmail/v1/users/me/messages/send"
ASKS = "Could you send me the report by Friday? I need the figures for the meeting."


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """With a mail that wants an answer."""
    with GoogleServer() as server:
        server.mailbox.deliver(raw(1, text=ASKS), thread="thread-1")
        yield server


def test_a_draft_is_sent_when_its_writer_says_so(google: GoogleServer, tmp_path: Path) -> None:
    """And not before; a worker that is killed between Gmail's answer and its note does not send it again."""
    done, killed = threading.Event(), threading.Event()

    def hold_the_answer(request: Asked) -> None:
        if request.path == SENDING:
            done.set()
            killed.wait(60)

    env = {**google.env, "DATA_DIR": str(tmp_path), "GMAIL_SEND": "true", "ALLOWED_USERS": ANN}
    google.after = hold_the_answer
    google.loses = SENDING
    with Kept(**env, BASE_URL="http://localhost:8000") as kept:
        with Api(kept.boot.wait_ready()) as api:
            secret = google.grant(f"{READ} {SEND}")
            api.post("/accounts", {"kind": "gmail", "name": "Mine", "address": "me@example.org", "secret": secret})
            wait_until(lambda: api.get("/drafts")["drafts"])
            [draft] = api.get("/drafts")["drafts"]
            path = f"/drafts/{draft['id']}"
            problem = api.refused(409, "POST", f"{path}/send")
            assert "still to be written" in problem["detail"]
            api.send("PATCH", path, json={"text": "Here it is."}).raise_for_status()
            assert google.count(SENDING) == 0
            key = {"Idempotency-Key": "once"}
            first = sent(api, path, key)
            assert sent(api, path, key) == first
            assert first["state"] == "queued"
            assert "is being sent already" in api.refused(409, "POST", f"{path}/send")["detail"]
            assert "is being sent already" in api.refused(409, "PATCH", path, json={"text": "No."})["detail"]
        assert done.wait(60)
        kept.end()
        killed.set()
        google.loses = ""
        kept.begin()
        with Api(kept.boot.wait_ready()) as api:
            wait_until(lambda: api.get(path)["state"] == "sent")
            assert "was sent already" in api.refused(409, "POST", f"{path}/send")["detail"]
            account = api.get("/accounts")["accounts"][0]["id"]
            api.post(f"/accounts/{account}/sync")
            wait_until(lambda: len(api.get("/messages")["messages"]) == 2)
            messages = api.get("/messages")["messages"]
            assert len({message["thread_id"] for message in messages}) == 1
    [(thread, mail)] = [(one.thread, one.raw) for one in google.mailbox.messages.values() if "SENT" in one.labels]
    assert thread == "thread-1"
    assert b"Here it is." in mail
    assert google.count(SENDING) == 1


def sent(api: Api, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """The answer to the command."""
    answer: dict[str, Any] = api.send("POST", f"{path}/send", headers=headers).raise_for_status().json()
    return answer
