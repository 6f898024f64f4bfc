"""How long a message takes from the mail server's door to a Socket.IO client, beside a bare IMAPClient in IDLE.

Dovecot gathers changes for half a second before it announces them (NOTIFY_DELAY_MSECS in its mailbox-watch.c, which no
setting changes), to a bare client as to the service: what the service adds is the difference of the two.
"""

from __future__ import annotations

import asyncio
import smtplib
import time
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import socketio

from tests.bench import sides
from tests.bench.figures import MILLISECONDS, Figure, Target
from tests.bench.mail.letters import letters
from tests.bench.processes import PATIENCE, Broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imapclient import IMAPClient

    from tests.bench.mail.setups import Setup
    from tests.bench.rounds import Rounds
    from tests.service.dovecot_server import DovecotServer

TARGET = Target(0.3)
_PAUSE = (1.0, 1.5)  # seconds between two messages, so that they meet whatever looks regularly at any moment
_KINDS = ("message.new", "message.understood")


class Sample(NamedTuple):
    """One message: seconds from the moment when it is handed to the mail server."""

    announced: float
    """Until the bare client is told."""
    new: float
    """Until the Socket.IO client hears of it."""
    understood: float
    """Until that hears what it is."""


def measure(rounds: Rounds, mail: DovecotServer, setups: Sequence[Setup]) -> list[Figure]:
    """The service on each setup, beside the bare client at the same messages."""
    return [figure for setup in setups for figure in _figures(setup.name, _arrivals(rounds, mail, setup))]


def _figures(name: str, found: list[Sample]) -> Iterator[Figure]:
    bare = [sample.announced for sample in found]
    title = f"arrival over LMTP to Socket.IO event on {name}, beside Dovecot's announcement to a bare client in IDLE"
    yield Figure(title, MILLISECONDS, [sample.new for sample in found], bare, compare=False)
    yield Figure(
        "of it from announcement to event", MILLISECONDS, [one.new - one.announced for one in found], target=TARGET
    )
    yield Figure("from announcement to understood", MILLISECONDS, [one.understood - one.announced for one in found])


def _arrivals(rounds: Rounds, mail: DovecotServer, setup: Setup) -> list[Sample]:
    user = f"{setup.name.replace(' ', '-').lower()}@example.com"
    with setup.assistant() as assistant, asyncio.Runner() as runner, _Watch(mail, user) as watch:
        assistant.follow(mail, user)
        client = _Client()
        runner.run(client.connect(assistant.url))
        try:
            assistant.wait(0)
            return rounds(f"arrival on {setup.name}", {"": lambda: runner.run(watch.message(client))})[""]
        finally:
            runner.run(client.disconnect())


class _Client:
    """A Socket.IO client that notes when it hears of messages."""

    def __init__(self) -> None:
        self._heard: dict[str, asyncio.Queue[float]] = {kind: asyncio.Queue() for kind in _KINDS}
        self._client = socketio.AsyncClient()
        self._client.on("*", self._hear)
        self.disconnect = self._client.disconnect

    async def connect(self, url: str) -> None:
        await self._client.connect(url, transports=["websocket"], auth={"token": sides.TOKEN})

    async def hears(self, kind: str) -> float:
        """When the next event of the kind came, on the monotonic clock."""
        async with asyncio.timeout(PATIENCE):
            return await self._heard[kind].get()

    async def _hear(self, event: str, _: Any) -> None:
        if event in self._heard:
            self._heard[event].put_nowait(time.monotonic())


class _Watch:
    """Hands messages to the mail server, and sees beside the service when that announces them."""

    def __init__(self, mail: DovecotServer, user: str) -> None:
        self._mail, self._user = mail, user
        self._stack = ExitStack()
        self._letters = (letter for number in range(10**6) for letter in letters(1, number))
        self._chance = Random(0)  # noqa: S311

    def __enter__(self) -> Self:
        self._bare: IMAPClient = self._stack.enter_context(self._mail.client(self._user))
        self._lmtp = self._stack.enter_context(smtplib.LMTP("127.0.0.1", self._mail.lmtp_port))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    async def message(self, client: _Client) -> Sample:
        """The next one."""
        await asyncio.to_thread(self._bare.idle)
        await asyncio.sleep(self._chance.uniform(*_PAUSE))
        announced = asyncio.create_task(asyncio.to_thread(self._announced))
        began = time.monotonic()
        await asyncio.to_thread(self._lmtp.sendmail, "writer@example.org", [self._user], next(self._letters))
        new, understood = [await client.hears(kind) for kind in _KINDS]
        sample = Sample(await announced - began, new - began, understood - began)
        await asyncio.to_thread(self._bare.idle_done)
        return sample

    def _announced(self) -> float:
        told = self._bare.idle_check(timeout=PATIENCE)
        if not any(b"EXISTS" in one for one in told):
            raise Broken(f"the mail server announces no message within {PATIENCE:g} s, but {told}")
        return time.monotonic()
