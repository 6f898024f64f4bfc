"""Commands over Socket.IO: each is acknowledged, and with its key it is done once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from service.live.commands import AT_ONCE
from service.store.tables import Account, Audit
from tests.service.engine import run_client
from tests.service.live.listener import TRANSPORTS, Listener, follow, serve

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Database
    from service.store.url import DatabaseUrl
    from tests.boot import Boot


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_command_is_done_once_and_its_event_follows(
    database: Database, database_url: DatabaseUrl, maildir: Path, transport: str
) -> None:
    """Sent twice at once, and again over another connection, it has one answer, one effect and one event."""
    create = {"name": "accounts.create", "input": follow(maildir), "key": "7f3c"}

    async def scenario() -> None:
        async with Listener(boot.url, transport, 0) as listener:
            first, second = await asyncio.gather(listener.asks("command", create), listener.asks("command", create))
            assert first == second
            assert (first["ok"], first["data"]["name"], first["data"]["paused"]) == (True, "Work", False)
            event, told = await listener.hears("account.created")
            assert (told["id"], told["account_id"]) == (1, first["data"]["id"])
        async with Listener(boot.url, transport, listener.last_id) as again:
            assert await again.asks("command", create) == first
            paused = await again.asks("command", {"name": "control.pause-all"})
            assert [account["paused"] for account in paused["data"]["accounts"]] == [True]
            assert await again.hears("account.created", "account.paused") != (event, told)
            assert again.ids == [2]

    with serve(database_url, MAILDIR_ROOTS=str(maildir.parent)) as boot:
        boot.wait_ready()
        run_client(scenario())
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(Account)).one() == 1
        audit = session.execute(select(Audit.actor, Audit.action).order_by(Audit.id)).all()
        assert [tuple(row) for row in audit] == [("socket.io", "accounts.create"), ("socket.io", "control.pause-all")]


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ([], 400, "a command is an object such as"),
        (["accounts.sync"], 400, "a command is an object such as"),
        ([{}], 400, "name: Field required"),
        ([{"name": 7}], 400, "name: "),
        ([{"name": "x" * 101}], 400, "name: "),
        ([{"name": "accounts.sync", "inptu": {}}], 400, "inptu: There is no such field here"),
        ([{"name": "accounts.sync", "input": [1]}], 400, "input: "),
        ([{"name": "accounts.sync", "input": {"id": 1}, "key": ""}], 400, "key: "),
        ([{"name": "accounts.sync", "input": {"id": 1}, "key": "ä"}], 400, "an idempotency key has"),
        ([{"name": "acounts.sync"}], 404, "there is no command 'acounts.sync'"),
        ([{"name": "accounts.sync", "input": {"id": "1"}}], 422, "id: "),
        ([{"name": "accounts.sync", "input": {"id": 1}}], 404, "there is no account 1"),
        ([{"name": "accounts.sync\0"}], 400, "NUL"),
        ([{"name": "accounts.sync"}, {}], 400, "a command is an object such as"),
    ],
)
def test_what_is_not_done_is_acknowledged_with_the_reason(
    service: Boot, sent: list[Any], status: int, words: str
) -> None:
    """A status of HTTP and a sentence; the connection goes on."""

    async def scenario() -> Any:
        async with Listener(service.url, "websocket") as listener:
            refused = await listener.asks("command", tuple(sent))
            assert (await listener.asks("command", {"name": "control.pause-all"}))["ok"]
            return refused

    refused = run_client(scenario())
    assert refused.keys() == {"ok", "error"}
    assert (refused["ok"], refused["error"]["status"]) == (False, status)
    assert words in refused["error"]["detail"]
    assert "Traceback" not in service.output


def test_one_client_has_some_commands_under_way_at_a_time(service: Boot) -> None:
    """What it sends beyond them is refused at once, and afterwards there is room again."""

    async def scenario() -> list[Any]:
        async with Listener(service.url, "websocket") as listener:
            many = (listener.asks("command", {"name": "control.pause-all"}) for _ in range(20 * AT_ONCE))
            answers = await asyncio.gather(*many)
            assert (await listener.asks("command", {"name": "control.pause-all"}))["ok"]
            return answers

    answers = run_client(scenario())
    assert sum(answer["ok"] for answer in answers) >= AT_ONCE
    assert {answer["error"]["status"] for answer in answers if not answer["ok"]} == {429}
