"""The schema: up to date, whole or not at all, and the same as the tables in the code."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from probes import Failure, Waiting
from service.store import schema
from service.store.database import Database
from service.store.migrations import HEAD
from service.store.tables import Base
from service.store.url import DatabaseUrl
from tests.service.process import free_port, start

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


def mine(_: Any, name: str | None, kind: str, *__: Any) -> bool:
    """Whether a thing is of the tables in the code: not the full-text index, which the migrations alone know."""
    return not (name or "").startswith(("messages_search", "ix_messages_search")) and (kind, name) != (
        "column",
        "search",
    )


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    """Nothing is missing, nothing is left over, and every type is the same."""
    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": mine, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_the_one_that_the_code_works_with() -> None:
    """The name in the code, which spares a boot the import of Alembic, is that of the last file."""
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_boot_that_finds_the_schema_does_not_import_alembic(tmp_path: Path) -> None:
    """It takes long, and is needed for a migration alone."""
    program = "import sys; from service.store import health; health.check(); print('alembic' in sys.modules)"
    said = []
    for _ in range(2):
        env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
        said += subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True).stdout.split()
    assert said == ["True", "False"]


def _is_ours(name: str | None, kind: str, _: Any) -> bool:
    dbos = ("dbos_", "workflow_", "operation_", "notifications", "streams", "event_dispatch", "application_", "queues")
    return kind != "table" or name in Base.metadata.tables or not (name or "").startswith(dbos)


def test_processes_that_migrate_at_once_make_one_schema(empty_url: DatabaseUrl) -> None:
    """One of them does it and the others wait for it."""
    found: list[str] = []

    def migrate() -> None:
        database = Database(empty_url)
        found.append(schema.migrate(database))
        database.close()

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [HEAD] * 4


def test_a_migration_that_fails_leaves_nothing(empty_url: DatabaseUrl) -> None:
    """A table that is in the way ends the migration, and none of the others is there afterwards."""
    database = Database(empty_url)
    with database.engine.connect().execution_options(writes=True) as connection:
        connection.execute(text("CREATE TABLE threads (id INTEGER)"))
        connection.commit()
    with pytest.raises(Failure):
        schema.migrate(database)
    assert {"users", "messages", "accounts"}.isdisjoint(inspect(database.engine).get_table_names())
    assert schema.current(database) == ""
    database.close()


def test_a_newer_schema_is_refused_in_words(database: Database) -> None:
    """A version that does not know the schema neither changes it nor works with it."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (schema.migrate, schema.require_current):
        with pytest.raises(Failure, match=r"the database's schema is 9999, and this version of the service knows 0"):
            refused(database)


def test_a_server_that_is_away_is_waited_for() -> None:
    """Its absence is `Waiting`, which the boot tries again, and its password is in none of the words."""
    url = DatabaseUrl(f"postgresql://me:hunter2@127.0.0.1:{free_port()}/mail")
    with pytest.raises(Waiting) as raised:
        schema.migrate(Database(url))
    assert "hunter2" not in " ".join((raised.value.detail, *raised.value.resolution))


def test_a_boot_waits_for_its_database(tmp_path: Path) -> None:
    """The gate shows what it waits for, lets nobody in, and fails with words when the time is over."""
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/mail"
    with start(DATABASE_URL=url, SECRET_KEYS="k" * 32, BOOT_TIMEOUT="12", DATA_DIR=str(tmp_path)) as boot:
        boot.wait_for(r"\[WAIT\] check service\.store\.health:check")
        reply = boot.get("/health")
        assert (reply.status, boot.get("/healthz").status) == (503, 200)
        assert boot.wait() == 1
        assert "the database does not answer" in boot.output
        assert "hunter2" not in boot.output
