"""A newer version migrates the database under a worker, as in an upgrade that is undone later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from service.store import queue
from service.store.migrations import HEAD
from service.store.queue import Queue
from service.store.tables import Worker
from tests.service.belongings import rows
from tests.service.process import start_app
from tests.service.worker.kept import KEYS
from tests.service.worker.test_workers import Mail
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from service.store.database import Database
    from tests.service.commands.conftest import Client

NEWER = "9999"
SAID = f"the database's schema is {NEWER}, and this version of the service knows {HEAD} at most"
INDICATOR = {"name": "control-plane", "call": "service.control.health:tasks", "critical": True, "every": 0.5}


def put(database: Database, revision: str) -> None:
    """Have the database a schema of that revision."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def written(database: Database, user_id: int) -> tuple[Any, ...]:
    """What workers write: what is the user's, signs of life, and what became of the work that is enqueued."""
    with database.read() as session:
        return rows(database, user_id), session.execute(select(Worker.id, Worker.seen_at)).all(), queue.depths(session)


@pytest.mark.timeout(240)
def test_a_worker_stops_under_a_newer_schema_and_goes_on_under_its_own(
    database: Database, client: Client, maildir: str, tmp_path: Path
) -> None:
    """It says why and writes nothing, whatever arrives and is enqueued; afterwards it does all of that."""
    env = {"DATABASE_URL": database.url.get_secret_value(), "MAILDIR_ROOTS": str(tmp_path), "SECRET_KEYS": KEYS}
    mail = Mail(client, Path(maildir))
    with start_app(tmp_path, env, app="recovering:app", indicators=(INDICATOR,)) as boot:
        boot.wait_ready()
        mail.arrive(5)
        mail.check(database)
        put(database, NEWER)
        for task in ("crew", "engine"):
            wait_until(lambda: f"task '{task}' failed" in boot.get("/health").body.decode())  # noqa: B023
        reply = boot.get("/health")
        assert (reply.status, SAID in reply.body.decode()) == (503, True)
        mail.arrive(5)
        with database.write() as session:
            Queue(database).understand(session, mail.account)
        before = written(database, client.user_id)
        for task in ("crew", "engine"):
            boot.wait_for(rf"task '{task}' failed \(9 in a row\)", 90)
        assert written(database, client.user_id) == before
        put(database, HEAD)
        mail.check(database)
        wait_until(lambda: boot.get("/health").status == 200)
        assert boot.stop() == 0
