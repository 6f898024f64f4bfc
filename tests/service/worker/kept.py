"""Processes of the service that tests stop, freeze and kill, and start again."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Self

from tests.probes.proc import service_of
from tests.service.process import free_port, start, start_app

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.boot import Boot

KEYS = "k" * 32
"""SECRET_KEYS of a service that `Kept` starts."""


class Kept:
    """The service with these variables, on one port however often it starts; as a context manager it is ended.

    With a `folder`, for its contract, it is an `app` of tests/service/apps: `brisk` takes a worker for gone after 3 s.
    """

    def __init__(self, folder: Path | None = None, /, *, app: str = "brisk:app", **env: str) -> None:
        self._folder = folder
        self._app = app
        self.env = {"PORT": str(free_port()), "SECRET_KEYS": KEYS, **env}
        self.boot: Boot

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        self.boot.__exit__()

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        return f"http://127.0.0.1:{self.env['PORT']}"

    def begin(self) -> None:
        """Start it, again too."""
        if self._folder is None:
            self.boot = start(**self.env)
        else:
            self._folder.mkdir(exist_ok=True)
            self.boot = start_app(self._folder, self.env, app=self._app)

    def end(self, number: int = signal.SIGKILL, *, gate: bool = True) -> int:
        """Send a signal to the gate, or to the child in which the service runs; the exit status of the gate."""
        os.kill(self.boot.process.pid if gate else service_of(self.boot), number)
        status = self.boot.wait(40)
        self.boot.__exit__()
        return status

    def kill(self, chance: Random) -> None:
        """SIGKILL to one of its two processes, and start it again."""
        self.boot.wait_for("listening on", 60)
        self.end(gate=chance.random() < 0.5)
        self.begin()

    def freeze(self) -> None:
        """Have the service do nothing."""
        os.kill(service_of(self.boot), signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        if self.boot.process.poll() is None:
            os.kill(service_of(self.boot), signal.SIGCONT)
