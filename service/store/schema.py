"""The schema: brought up to date under a lock, whole or not at all; and DBOS's own, which shares the database."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from probes import Failure, Waiting
from service.store import queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from service.store.database import Database

_LOCK = 0x41524C4B  # any number, the same for every process that migrates this database


def migrate(database: Database) -> str:
    """Bring the schema up to date; returns its revision. Another process that does it is waited for.

    Raises `Waiting` while the database is not there, `Failure` when it is newer than this version of the service.
    """
    config = _config()
    known = ScriptDirectory.from_config(config)
    newest = str(known.get_current_head())
    with reachable(database), database.engine.connect().execution_options(writes=True) as connection:
        _wait_for_others(connection)
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in {step.revision for step in known.walk_revisions()}:
            raise too_new(found, newest)
        if found != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        connection.commit()
        queue.migrate(database)
    return newest


@functools.cache
def head() -> str:
    """The revision that this version of the service works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(database: Database) -> str:
    """The revision that the database has; "" when it has none. Raises `Waiting`."""
    with reachable(database), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def require_current(database: Database) -> None:
    """Raises `Failure` when the schema is not the one that this version works with, and the database's own errors."""
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision() or ""
    if found != head():
        raise too_new(found, head())


def too_new(found: str, expected: str) -> Failure:
    """The schema is one that this version of the service does not know."""
    return Failure(
        f"the database's schema is {found}, and this version of the service knows {expected} at most",
        "start the version of the service that brought the schema there, or a newer one",
        "or restore the backup of the database that was made before that version first ran",
    )


@contextmanager
def reachable(database: Database) -> Iterator[None]:
    """Turns a database that is not there, or not yet, into `Waiting`, and one that refuses into `Failure`."""
    try:
        yield
    except OperationalError as error:
        said = database.url.hide(str(error.orig).strip())
        steps = (f"see that the database at DATABASE_URL ({database.url}) runs and can be reached from here",)
        if any(word in said for word in ("authentication failed", "does not exist", "unable to open", "readonly")):
            raise Failure(f"the database cannot be used: {said}", *steps) from None
        raise Waiting(f"the database does not answer: {said}", *steps) from None
    except DBAPIError as error:
        raise Failure(f"the database refuses: {database.url.hide(str(error.orig).strip())}") from None


def _wait_for_others(connection: Connection) -> None:
    # SQLite has locked the whole file already, from BEGIN IMMEDIATE to the commit.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    return config
