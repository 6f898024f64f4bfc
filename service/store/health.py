"""The store, as contract.toml names it: the check that its schema is current, and its indicator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probes import Failure
from service.settings import load
from service.store import schema
from service.store.migrations import HEAD
from service.store.opened import open_store

if TYPE_CHECKING:
    from service.store.database import Database

FULL = "the disk that has the database is full: nothing new is kept until there is space"
running: list[Database] = []
"""The databases that this process has open; at most one."""


def check() -> str:
    """The contract's check: brings the schema up to date. Raises `Waiting` while the database is away, or `Failure`."""
    store = open_store(load())
    try:
        return f"schema {schema.migrate(store.database)} in {store.database.url}"
    finally:
        store.close()


async def database() -> str:
    """How the database is; raises `Failure` when it does not answer or its schema is not the one that is known here."""
    found = [await asyncio.to_thread(_found, database) for database in running]
    return "; ".join(found) or "not open"


def _found(database: Database) -> str:
    with schema.reachable(database):
        schema.require_current(database)
    if database.is_full:
        raise Failure(FULL, "make room on it, or give it more; what waits is kept by itself then")
    return f"schema {HEAD}"
