"""The database: transactions on SQLite and on PostgreSQL that mean the same."""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from service.store.lines import Lines
from service.store.row_by_row import RowByRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import ConnectionPoolEntry

    from service.store.url import DatabaseUrl

T = TypeVar("T")

log = logging.getLogger("service.store")

ATTEMPTS = 3
"""How often a transaction is tried at most that others keep from being done."""
IDLE = 30_000
"""Milliseconds without a statement after which a server undoes a transaction that writes."""
_BUSY = 30_000  # milliseconds that a writer of SQLite waits for another one
_POOL = 10  # connections of this process
_JSON = partial(json.dumps, ensure_ascii=False, allow_nan=False)  # PostgreSQL refuses escapes unless it keeps UTF-8
_ALONE = 0x4F4E45  # any number of 24 bits; `service.store.schema` has another one
_AWAY = ("08", "25006", "25P03", "40", "53", "55", "57")
"""SQLSTATEs: connections, a server that only reads, a transaction that fell asleep, conflicts, resources, objects in
use, an operator."""
_CONFLICTS = ("40001", "40P01")
"""A serialization failure and a deadlock: the transaction is undone, and may succeed at once when it is tried again."""
_DISK_FULL = "53100"
_REMEMBERED = 60.0  # seconds: a process that seldom writes does not know when there is space again
_WOKEN = "woken"  # the key in a session's info: the users who have new events once it is committed


class Database:
    """Transactions on the database at `url`; threads may share it.

    A transaction that appends events calls the listeners with the users' ids once it is committed.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url
        self.lines = Lines()
        self.engine = _engine(url, self.lines)
        self._listeners: list[Callable[[int], None]] = []
        self._lock = threading.Lock()
        self._full_at: float | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine, which one process at a time may work on."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that reads: what it sees is of one moment, and nothing is committed."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed at the end, or undone when an exception leaves it."""
        with self._noting_space(), Session(self.engine, expire_on_commit=False) as session:
            session.connection(execution_options={"writes": True})
            yield session
            session.commit()
            woken: set[int] = session.info.get(_WOKEN, set())
        with self._lock:
            listeners = list(self._listeners)
        for user_id in woken:
            for listener in listeners:
                listener(user_id)

    def listen(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """Have `listener` called with the user after each commit of events, in its thread; returns what ends it."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    @property
    def is_full(self) -> bool:
        """Whether its disk had no space when something was last written, not long ago."""
        return self._full_at is not None and time.monotonic() - self._full_at < _REMEMBERED

    @contextmanager
    def _noting_space(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if is_full(error):
                self._full_at = time.monotonic()
            raise
        self._full_at = None

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.engine.dispose()


def wake(session: Session, user_id: int) -> None:
    """Say that the user has new events once the session's transaction is committed."""
    session.info.setdefault(_WOKEN, set()).add(user_id)


def is_away(error: SQLAlchemyError) -> bool:
    """Whether the database cannot be used now, as when it is restarted or its disk is full: trying later may help.

    Otherwise it refuses what it was asked, and will again.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)  # no connection was free
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)
    return isinstance(error, OperationalError | InternalError) and state.startswith(_AWAY)


def insist(do: Callable[[], T]) -> T:
    """Do a transaction, and again when the database has given it up for another one. Raises what the last try does."""
    for _ in range(ATTEMPTS - 1):
        try:
            return do()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _CONFLICTS:
                raise
            log.info("a transaction is tried again: %s", type(error.orig).__name__)
    return do()


def is_full(error: SQLAlchemyError) -> bool:
    """Whether the database's disk has no space left."""
    said = getattr(error, "orig", None)
    return getattr(said, "sqlstate", None) == _DISK_FULL or "disk is full" in str(said)


def one_at_a_time(session: Session, user_id: int = 0) -> None:
    """Wait until no other transaction for the user is behind this line, in any process; it is held until the commit.

    0 is nobody: what is there for all. Who locks an account too locks that first.
    """
    # A writer of SQLite has the whole file from its beginning on.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": user_id << 24 | _ALONE})


def _engine(url: DatabaseUrl, lines: Lines) -> Engine:
    address = url.url()
    if address.drivername != "sqlite":
        # What a pool holds may have died with its server; asking first costs less than a failed transaction.
        engine = create_engine(
            address,
            pool_size=_POOL,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_JSON,
            connect_args={"application_name": "airlock", "cursor_factory": RowByRow},
            pool_events=[(lines.note, "connect")],
        )
        engine.dialect.use_insertmanyvalues_wo_returning = True  # new rows go together, in one statement
        event.listen(engine, "do_connect", lines.admit)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    engine = create_engine(address, pool_size=_POOL, hide_parameters=True, json_serializer=_JSON)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    # What the process of a machine that is gone, or frozen, has locked would be locked for hours.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {IDLE}")


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    driver: Any = connection
    driver.isolation_level = None  # transactions begin where SQLAlchemy says, not at the first write
    # What is deleted is overwritten, also by those builds of SQLite that do not do so by themselves.
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (*pragmas, f"busy_timeout={_BUSY}"):
        driver.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that turns into a writer cannot wait for another writer, so writers say so from the start.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
