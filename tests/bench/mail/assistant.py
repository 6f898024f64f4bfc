"""The service as it follows one mailbox: one process on a file, or API and worker on PostgreSQL."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

import httpx2

from tests.bench import sides
from tests.bench.client import STEADY, answered_after
from tests.bench.processes import Broken, Program, Running
from tests.service.dovecot_server import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.dovecot_server import DovecotServer

PATIENCE = 1800.0
"""Seconds for everything to be understood."""
_EVERY = 0.25
_PAGE = 100
_TOGETHER: list[dict[str, str]] = [{}]
_APART = [{"WORKER_MODE": "false"}, {"WORKER_MODE": "true"}]
_STATES = 2  # events that tell of the mailbox: syncing, well
_SETTINGS = {"SECRET_KEYS": "for-the-benchmark-alone-" * 2, "IMAP_ALLOW_PRIVATE": "true"}


@dataclass(frozen=True)
class Event:
    """An entry of the log, with the time at which the service wrote it, in seconds."""

    type: str
    at: float
    data: dict[str, Any]


class Assistant:
    """Ready when it is entered, ended when it is left. `settings` name its databases, PostgreSQL has two processes."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._application = sides.service(folder, **_SETTINGS, **settings)
        self._folder = folder
        self._modes = _APART if "DATABASE_URL" in settings else _TOGETHER
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._processes = [self._stack.enter_context(Running(self._program(mode))) for mode in self._modes]
        for process in self._processes:
            answered_after(process, "/health", status=200, pause=STEADY)
        headers = {"Authorization": f"Bearer {sides.TOKEN}"}
        self._http = self._stack.enter_context(httpx2.Client(base_url=f"{self.url}/api", headers=headers, timeout=60))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self._processes[0].port}"

    @property
    def worker(self) -> int:
        """The process id of the one that works: the gate is above it."""
        return self._processes[-1].descendants()[0]

    def follow(self, mail: DovecotServer, user: str) -> None:
        """Follow the inbox of a user of the mail server."""
        settings = {"host": "127.0.0.1", "port": mail.port, "security": "none", "username": user}
        account = {"kind": "imap", "name": "Mail", "address": user, "secret": PASSWORD, "settings": settings}
        self._http.post("/accounts", json=account).raise_for_status()

    def wait(self, understood: int) -> None:
        """Returns when so many messages are understood, and the mailbox holds nothing that is not here."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            told = self._page(0, 1)["last_id"]
            status = self._http.get("/status").raise_for_status().json()
            if _is_well(status) and status["waiting"] == 0 and told >= 2 * understood + _STATES:
                return
            time.sleep(_EVERY)
        raise self._processes[-1].broken(f"has not understood {understood} messages within {PATIENCE:g} s")

    def log(self) -> list[Event]:
        """All that happened, in its order."""
        events: list[Event] = []
        while page := self._page(len(events), _PAGE)["events"]:
            events += [
                Event(event["type"], datetime.fromisoformat(event["at"]).timestamp(), event["data"]) for event in page
            ]
        return events

    def _page(self, after: int, limit: int) -> Any:
        return self._http.get("/events", params={"after": after, "limit": limit}).raise_for_status().json()

    def _program(self, mode: dict[str, str]) -> Program:
        environment = self._application.environment | mode
        return sides.gate(replace(self._application, environment=environment), self._folder)


def _is_well(status: dict[str, Any]) -> bool:
    states = {account["state"] for account in status["accounts"]}
    if states - {"new", "syncing", "well"}:
        raise Broken(f"the mailbox cannot be followed: {status['accounts']}")
    return states == {"well"}
