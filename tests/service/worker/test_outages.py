"""What the worker leans on goes away while mail arrives, and comes back: nothing is lost, nothing is there twice."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.access import Access
from service.commands import COMMANDS
from service.commands.desk import Desk
from service.mail.registry import Allowed
from service.store import events, schema
from service.store.database import Database
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import User
from service.store.vault import Vault
from tests.service.commands.conftest import Client
from tests.service.dovecot_server import PASSWORD, DovecotServer
from tests.service.store.databases import PostgreSQL
from tests.service.tcp_proxy import TcpProxy
from tests.service.worker.hearer import Hearer
from tests.service.worker.kept import KEYS, Kept
from tests.service.worker.whole import check_database, check_events, letter, understood, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGES = 400

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
def lasting() -> Iterator[PostgreSQL]:
    """A server whose data outlive its death."""
    with PostgreSQL(lasting=True) as server:
        yield server


@pytest.fixture
def imap() -> Iterator[DovecotServer]:
    """A mail server."""
    with DovecotServer() as server:
        yield server


def test_the_database_dies_and_the_mail_servers_connections_are_cut(lasting: PostgreSQL, imap: DovecotServer) -> None:
    """Both come back, several times, under one API, one worker and a client, none of which is started again."""
    url = lasting.url(lasting.create())
    database = Database(url)
    schema.migrate(database)
    store = Store(database, Vault([KEYS]))
    Access(database, None).prepare(serves=False)
    with database.read() as session:
        owner = session.scalars(select(User.id)).one()
    client = Client(
        Desk(store, Queue(database), Allowed((), private_hosts=True, message_size=10**6), COMMANDS), store, owner
    )
    env = {"DATABASE_URL": url.get_secret_value(), "IMAP_ALLOW_PRIVATE": "true"}
    with ExitStack() as stack:
        proxy = stack.enter_context(TcpProxy(imap.port))
        settings = {"host": "127.0.0.1", "port": proxy.port, "security": "none", "username": "ann"}
        account = client.do("accounts.create", kind="imap", name="Mail", settings=settings, secret=PASSWORD)["id"]
        api = stack.enter_context(Kept(**env, WORKER_MODE="false"))
        worker = stack.enter_context(Kept(**env, WORKER_MODE="true"))
        api.boot.wait_ready()
        worker.boot.wait_ready()
        hearer = stack.enter_context(Hearer(api.url))
        mail = stack.enter_context(imap.client("ann"))
        arrived = threading.Event()

        def arrive() -> None:
            for number in range(1, MESSAGES + 1):
                mail.append("INBOX", letter(number))
                arrived.wait(0.03)

        feeder = threading.Thread(target=arrive)
        feeder.start()
        for _ in range(3):
            before = max(understood(database), 0)
            proxy.cut()
            wait_until(lambda before=before: understood(database) > before)  # type: ignore[misc]
            lasting.kill()
            proxy.cut()
            lasting.start()
            before = understood(database)
            wait_until(lambda before=before: understood(database) > before)  # type: ignore[misc]
        arrived.set()
        feeder.join()
        wait_until(lambda: understood(database) == MESSAGES)
        check_database(database, {account: range(1, MESSAGES + 1)})
        with database.read() as session:
            last = events.last(session, owner)
        check_events(database, hearer.all_until(last))
        assert worker.boot.process.poll() is None
        assert api.boot.process.poll() is None
    database.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_server_is_cut_off_in_a_fetch_and_is_restarted(
    database: Database, client: Client, imap: DovecotServer
) -> None:
    """The owner is told in words, the next connection goes on with the batch that was cut, and then all is well."""
    imap.append("ann", *map(letter, range(1, 401)))
    with TcpProxy(imap.port, limit=80_000) as proxy:
        settings = {"host": "127.0.0.1", "port": proxy.port, "security": "none", "username": "ann"}
        account = client.do("accounts.create", kind="imap", name="Mail", settings=settings, secret=PASSWORD)["id"]
        env = {"DATABASE_URL": database.url.get_secret_value(), "IMAP_ALLOW_PRIVATE": "true"}
        with Kept(**env) as kept:
            kept.boot.wait_ready()
            with Hearer(kept.url) as hearer:
                told = hearer.hears("account.state", state="failing")["data"]["error"]
                assert f"127.0.0.1:{proxy.port} is not reached, or the connection is lost" in told
                hearer.hears("account.state", state="well")
                assert proxy.connections > 2
                wait_until(lambda: understood(database) == 400)
                imap.kill()
                hearer.hears("account.state", state="failing")
                imap.start()
                imap.append("ann", letter(401))
                hearer.hears("account.state", state="well")
                wait_until(lambda: understood(database) == 401)
                check_database(database, {account: range(1, 402)})
                with database.read() as session:
                    last = events.last(session, client.user_id)
                check_events(database, hearer.all_until(last))
