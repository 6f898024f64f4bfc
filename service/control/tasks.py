"""The worker's tasks: each one that the supervisor keeps running is listed here."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING

from service.control import pruning, pulse
from service.control.task import Task

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.opened import Store
    from service.store.queue import Queue

TERM = timedelta(seconds=30)
"""How long a worker may show no life before others take over what it does."""


def tasks(settings: Settings, store: Store, queue: Queue, term: timedelta = TERM) -> list[Task]:
    """What a process that works does in the background; one that is silent for `term` is replaced by others."""
    from service.worker import crew, engine, tally
    from service.worker.sources import Sources
    from service.worker.turn import Turn
    from service.worker.understanding import Understanding

    worker = name(settings, store)
    turn = Turn(store.database)
    works = engine.Engine(store, queue, Understanding(store, queue, settings), worker, term)
    follows = crew.Crew(store, queue, worker, Sources(store, settings).open, term)
    return [
        Task("pulse", pulse.run, silence=3 * pulse.EVERY),
        Task("engine", turn.awaited(works.run), silence=60.0),
        Task("crew", turn.awaited(follows.run), silence=60.0),
        Task("tally", tally.Tally(store.database).run, silence=60.0),
        Task("pruning", pruning.Pruning(store.database, queue).run, silence=3 * pruning.EVERY),
    ]


def name(settings: Settings, store: Store) -> str:
    """The name under which this worker has its work: it stays the same when a pod of a StatefulSet starts again.

    A file has one worker at a time, whatever the machine is called.
    """
    return "embedded" if store.database.is_sqlite else settings.worker_name or socket.gethostname()
