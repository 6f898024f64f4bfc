"""The metrics of the mail: what a worker did and what it has before it, by kinds alone, and the same in /health."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY

from service.mail.source import Cursor
from service.store.clock import now
from service.store.tables import Account
from service.worker.tally import Tally
from tests.service.mail.scripted_server import ScriptedServer
from tests.service.process import indicator, metric
from tests.service.store.followed import arrival, raw
from tests.service.tcp_proxy import TcpProxy
from tests.service.worker.kept import Kept
from tests.service.worker.test_dead_letters import BAD, REFUSE, execute
from tests.service.worker.test_workers import Mail
from tests.service.worker.whole import letter, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.database import Database
    from tests.boot import Boot
    from tests.service.commands.conftest import Client
    from tests.service.store.followed import Mailbox

LIMIT = 10_000


def counted(boot: Boot, source: str, outcome: str) -> float:
    """How many messages of a source went which way."""
    return metric(boot, f'airlock_messages_total{{outcome="{outcome}",source="{source}"}}')


def test_a_worker_counts_what_becomes_of_messages(
    database: Database, client: Client, maildir: str, tmp_path: Path
) -> None:
    """By source and outcome, with the time of each stage, what waits, and a connection that was lost and came back."""
    execute(database, *REFUSE[database.engine.dialect.name])
    mail = Mail(client, tmp_path / "Mail")
    mail.arrive(3)
    for name, content in {
        "copy": letter(3),
        "large": raw(99, text="much " * LIMIT),
        "refused": letter(int(BAD.partition("@")[0])),
    }.items():
        (tmp_path / "Mail" / "new" / f"{name}.test").write_bytes(content)
    lost = Mail(client, tmp_path / "Lost").account
    with database.write() as session:
        session.get_one(Account, lost).created_at = now(session) - timedelta(hours=2)
    env = {
        "DATABASE_URL": database.url.get_secret_value(),
        "MAILDIR_ROOTS": str(tmp_path),
        "IMAP_ALLOW_PRIVATE": "true",
    }
    with (
        ScriptedServer({}) as server,
        TcpProxy(server.port) as proxy,
        Kept(**env, MAX_MESSAGE_SIZE=str(LIMIT), WORKER_MODE="true") as kept,
    ):
        boot = kept.boot.wait_ready()
        settings = {"host": "127.0.0.1", "port": proxy.port, "security": "none", "username": "someone"}
        imap = client.do("accounts.create", kind="imap", name="Mail", settings=settings, secret="secret")["id"]
        wait_until(lambda: counted(boot, "imap", "understood") == 1)
        proxy.cut()
        client.do("accounts.sync", id=imap)
        wait_until(lambda: metric(boot, 'airlock_reconnects_total{source="imap"}') == 1)
        wait_until(lambda: counted(boot, "maildir", "dead") == 1)
        outcomes = {"stored": 4, "too-large": 1, "duplicate": 1, "understood": 4, "dead": 1}
        assert {outcome: counted(boot, "maildir", outcome) for outcome in outcomes} == outcomes
        assert counted(boot, "imap", "stored") == 1
        for stage, least in (("parse", 7), ("store", 7), ("understand", 5)):
            assert metric(boot, f'airlock_stage_seconds_count{{stage="{stage}"}}') >= least
            assert metric(boot, f'airlock_stage_seconds_sum{{stage="{stage}"}}') > 0
        wait_until(lambda: metric(boot, "airlock_dead_letters") == 1)
        wait_until(lambda: metric(boot, 'airlock_queue_depth{queue="understand"}') == 0)
        assert metric(boot, "airlock_messages_waiting") == 0
        assert metric(boot, "airlock_sync_lag_seconds") >= 7200
        assert metric(boot, 'airlock_accounts{state="failing"}') == 1
        wait_until(lambda: "; dead letters: 1; " in indicator(boot, "mail"))
        told = indicator(boot, "mail")
        assert "messages waiting: 0; " in told
        assert "4 maildir stored, 1 maildir too-large, 1 maildir duplicate, 4 maildir understood" in told
        assert "1 imap stored" in told
        assert all(f" ms to {stage}" in told for stage in ("parse", "store", "understand"))
        assert told.endswith("reconnects: 1 imap")
        shown = boot.get("/metrics").body.decode() + told
        assert not [word for word in ("INBOX", "@example", "127.0.0.1", "someone", "Lost") if word in shown]


def test_a_worker_counts_what_it_has_before_it(mailbox: Mailbox) -> None:
    """Messages that are stored and not understood, and the workflow that will do that, while nobody does."""
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2)], Cursor(7, 3))

    async def until_counted() -> None:
        done = asyncio.Event()
        running = asyncio.create_task(Tally(mailbox.database).run(done.set))
        await done.wait()
        running.cancel()

    asyncio.run(until_counted())
    assert REGISTRY.get_sample_value("airlock_messages_waiting") == 2
    assert REGISTRY.get_sample_value("airlock_queue_depth", {"queue": "understand"}) == 1
    assert REGISTRY.get_sample_value("airlock_queue_depth", {"queue": "improve"}) == 0
    oldest = REGISTRY.get_sample_value("airlock_messages_oldest_waiting_seconds")
    assert oldest is not None
    assert 0 < oldest < 3600
