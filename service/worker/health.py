"""The indicator of the mail, as contract.toml names it: how the mailboxes are, and what waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probes import Failure
from service.store import health
from service.store.schema import reachable
from service.worker import done
from service.worker.tally import count

if TYPE_CHECKING:
    from service.store.database import Database
    from service.worker.tally import Backlog

PATIENCE = 900.0
"""Seconds that a mailbox may go without a success, and a message without being understood."""


async def mail() -> str:
    """How the mail of all users is; raises `Failure` when somebody has to do something about it."""
    found = [await asyncio.to_thread(_found, database) for database in health.running]
    return "; ".join(found) or "not open"


def _found(database: Database) -> str:
    with reachable(database), database.read() as session:
        backlog = count(session)
    told = f"{in_words(backlog)}; {done.in_words()}"
    if steps := _steps(backlog):
        raise Failure(told, *steps)
    return told


def in_words(backlog: Backlog) -> str:
    """What is waiting, in a sentence that names nobody."""
    states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in backlog.accounts.items() if number)
    told = [f"mailboxes: {states or 'none'}"]
    if states:
        told.append(f"the longest without a success for {backlog.sync_lag:.0f} s")
    told.append(f"messages waiting: {backlog.waiting}")
    if backlog.waiting:
        told.append(f"the oldest for {backlog.oldest:.0f} s")
    if queued := [f"{depth} to {name}" for name, depth in backlog.queued.items() if depth]:
        told.append(f"workflows queued: {', '.join(queued)}")
    told.append(f"dead letters: {backlog.dead}")
    return "; ".join(told)


def _steps(backlog: Backlog) -> list[str]:
    steps = []
    if backlog.accounts["needs_reauth"]:
        steps.append(
            "GET /api/status names the mailboxes whose credentials are refused: have their owners enter others"
        )
    if backlog.accounts["failing"] or backlog.sync_lag > PATIENCE:
        steps.append("GET /api/status says in words what keeps a mailbox from being followed")
    if backlog.dead:
        steps.append("GET /api/dead-letters shows the messages that were put aside, and why: retry or delete them")
    if backlog.oldest > PATIENCE:
        steps.append("messages wait for a worker: see that one runs, and what its log says")
    return steps
