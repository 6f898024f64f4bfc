"""The schema: brought up to date under a lock, whole or not at all; and DBOS's own, which shares the database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from probes import Failure, Waiting
from service.store import queue
from service.store.migrations import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from service.store.database import Database

_LOCK = 0x41524C4B  # any number, the same for every process that migrates this database


def migrate(database: Database) -> str:
    """Bring the schema up to date; returns its revision. Another process that does it is waited for.

    Raises `Waiting` while the database is not there, `Failure` when it is newer than this version of the service.
    """
    with reachable(database), database.engine.connect().execution_options(writes=True) as connection:
        _wait_for_others(connection)
        if _revision(connection) != HEAD:
            _upgrade(connection)
        connection.commit()
        queue.migrate(database)
    return HEAD


def current(database: Database) -> str:
    """The revision that the database has; "" when it has none. Raises `Waiting`."""
    with reachable(database), database.engine.connect() as connection:
        return _revision(connection)


def require_current(database: Database) -> None:
    """Raises `Failure` when the schema is not the one that this version works with, and the database's own errors."""
    with database.engine.connect() as connection:
        found = _revision(connection)
    if found < HEAD:
        has = f"has the schema {found}" if found else "has no schema"
        raise Failure(
            f"the database at {database.url} {has}, and this version of the service works with {HEAD}",
            "run `python -m service migrate`, which brings it up to date",
            'or have every boot do so: name "service.store.health:check" in the checks of the contract',
        )
    if found != HEAD:
        raise _too_new(found)


def _too_new(found: str) -> Failure:
    """The schema is one that this version of the service does not know."""
    return Failure(
        f"the database's schema is {found}, and this version of the service knows {HEAD} at most",
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


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _upgrade(connection: Connection) -> None:
    # Imported where it is needed: most boots find the schema as it should be, and Alembic takes long to import.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    config.attributes["connection"] = connection
    found = _revision(connection)
    if found and found not in {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}:
        raise _too_new(found)
    command.upgrade(config, HEAD)
