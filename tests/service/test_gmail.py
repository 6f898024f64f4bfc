"""A mailbox at Gmail from end to end: followed by the running service, and by one that is killed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.store.database import Database
from service.store.tables import Account
from service.store.vault import Vault
from tests.service.api.client import Api
from tests.service.engine import run_client
from tests.service.google.server import GoogleServer
from tests.service.live.listener import Listener
from tests.service.process import start
from tests.service.provider import ANN
from tests.service.store.followed import raw
from tests.service.worker.kept import KEYS, Kept
from tests.service.worker.whole import check_database, letter, understood, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.url import DatabaseUrl
    from tests.service.google.server import Asked

MESSAGE = "/gmail/v1/users/me/messages/"
ASKS = "Could you send me the report by Friday? I need the figures for the meeting."


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """A Google that gives a new refresh token with each access token."""
    with GoogleServer(rotates=True, page=20) as server:
        yield server


@pytest.fixture
def env(google: GoogleServer, database_url: DatabaseUrl) -> dict[str, str]:
    """The variables of a service that knows that Google."""
    return {
        **google.env,
        "DATABASE_URL": database_url.get_secret_value(),
        "SECRET_KEYS": KEYS,
        "BASE_URL": "http://localhost:8000",
        "ALLOWED_USERS": ANN,
    }


def given(google: GoogleServer) -> dict[str, Any]:
    """What a client sends to have the mailbox followed."""
    return {"kind": "gmail", "name": "Mine", "address": "me@example.org", "secret": google.grant()}


def test_a_mailbox_is_followed(google: GoogleServer, env: dict[str, str], database_url: DatabaseUrl) -> None:
    """Through everything that happens to one, and through what Google does now and then."""
    mailbox = google.mailbox
    work = mailbox.make_label("Work")
    first = mailbox.deliver(raw(1, text=ASKS))

    async def scenario(url: str, api: Api) -> None:
        async with Listener(url, "websocket", 0) as listener:
            told = listener.told

            def look() -> None:
                api.post(f"/accounts/{account}/sync")

            account = api.post("/accounts", given(google))["id"]
            arrived = await told("message.new")
            assert arrived["subject"] == "Number 1"
            assert (await told("message.understood"))["category"] == "needs-reply"

            mailbox.deliver(raw(2))
            look()
            assert (await told("message.new"))["subject"] == "Number 2"

            mailbox.relabel(first, add=(work, "STARRED"), remove=("UNREAD", "INBOX"))
            look()
            changed = await told("message.changed")
            assert (changed["seen"], changed["flagged"]) == (True, True)

            mailbox.forget_history()
            mailbox.deliver(raw(3))
            look()
            assert "history" in (await told("account.resync"))["reason"]
            assert (await told("message.new"))["subject"] == "Number 3"
            assert api.get(f"/messages/{arrived['message_id']}")["folders"] == ["Work"]

            google.fails("/gmail/v1/users/me/history", 429, "userRateLimitExceeded", Retry_After="1")
            google.fails(MESSAGE, 503)
            google.expire()
            mailbox.deliver(raw(4))
            look()
            assert (await told("message.new"))["subject"] == "Number 4"

            mailbox.delete(first)
            look()
            assert (await told("message.removed"))["message_id"] == arrived["message_id"]

            google.revoke_all()
            look()
            state = await told("account.state", lambda data: data["state"] != "well")
            assert state["state"] == "needs_reauth"
            assert "connect it again" in api.get("/status")["accounts"][0]["error"]
            asked = len(google.asked)
            mailbox.deliver(raw(5))
            api.send("PATCH", f"/accounts/{account}", json={"secret": google.grant()}).raise_for_status()
            assert (await told("message.new"))["subject"] == "Number 5"
            assert google.asked[asked].path == "/token"

    with start(**env) as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))
        seen = [boot.get(path).body.decode() for path in ("/metrics", "/health?verbose")]
    seen.append(boot.output)
    words = ("ya29.", "1//", "Number 1", "Number 5", ASKS[:20], "@example.org", "@gmail.example")
    assert [word for word in words for text in seen if word in text] == []
    with_key = Vault([KEYS])
    opened = Database(database_url)
    with opened.read() as session:
        locked = session.scalars(select(Account.secret)).one()
    opened.close()
    assert locked is not None
    assert [with_key.unlock(locked)] == google.grants
    assert google.refreshed >= 3


def test_mail_comes_by_looking_now_and_then(google: GoogleServer, env: dict[str, str]) -> None:
    """Nobody asks for it: the history is looked at every `poll_seconds`."""

    async def scenario(url: str, api: Api) -> None:
        async with Listener(url, "websocket", 0) as listener:
            api.post("/accounts", {**given(google), "settings": {"poll_seconds": 5}})
            await listener.told("account.state", lambda data: data["state"] == "well")
            for number in (1, 2):
                google.mailbox.deliver(raw(number))
                assert (await listener.told("message.new"))["subject"] == f"Number {number}"

    with start(**env) as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))


def test_a_worker_is_killed_between_fetch_and_commit(
    google: GoogleServer, env: dict[str, str], database: Database
) -> None:
    """While the mailbox is brought for the first time, and while it is followed: nothing is lost or there twice."""
    mailbox = google.mailbox
    for number in range(1, 151):
        mailbox.deliver(letter(number))
    reached, go_on = threading.Event(), threading.Event()
    left = [0]

    def stop_at(asked: Asked) -> None:
        if asked.path.startswith(MESSAGE):
            left[0] -= 1
            if left[0] == 0:
                reached.set()
                go_on.wait(60)

    def kill_at(fetch: int, kept: Kept, *, gate: bool) -> None:
        left[0] = fetch
        assert reached.wait(60)
        kept.end(gate=gate)
        left[0] = 0
        reached.clear()
        go_on.set()
        go_on.clear()

    google.before = stop_at
    google.rotates = False  # a token that was given to who died before keeping it would need the owner
    left[0] = 30
    with Kept(**env, DEMO="false") as kept:
        with Api(kept.boot.wait_ready()) as api:
            account = api.post("/accounts", given(google))["id"]
        kill_at(30, kept, gate=True)
        left[0] = 130
        kept.begin()
        kill_at(130, kept, gate=False)
        kept.begin()
        wait_until(lambda: understood(database) == 150)
        for number in range(151, 157):
            mailbox.deliver(letter(number))
        left[0] = 4
        with Api(kept.boot.wait_ready()) as api:
            api.post(f"/accounts/{account}/sync")
        kill_at(4, kept, gate=True)
        kept.begin()
        wait_until(lambda: understood(database) == 156)
        kept.boot.wait_ready()
    check_database(database, {account: list(range(1, 157))})
