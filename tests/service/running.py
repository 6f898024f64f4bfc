"""The whole service with mailboxes that it follows: asked over HTTP and heard over Socket.IO, as its user does."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from tests.service.api.client import Api
from tests.service.process import start, start_app
from tests.service.worker.hearer import Hearer
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot
    from tests.service.test_mailboxes import Imap, Maildir


class Running:
    """As a context manager it runs, the second time as after a restart; Maildirs may be in its folder.

    With an `app` of tests/service/apps it is that instead of the service itself.
    """

    def __init__(self, folder: Path, *, app: str = "", **env: str) -> None:
        self.boot: Boot
        self.api: Api
        self._folder, self._app = folder, app
        self._env = {"MAILDIR_ROOTS": str(folder), "IMAP_ALLOW_PRIVATE": "true", "SECRET_KEYS": KEYS, **env}
        self._hearer: Hearer

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.boot = stack.enter_context(self._start())
            self.api = stack.enter_context(Api(self.boot.wait_ready()))
            self._hearer = stack.enter_context(Hearer(self.boot.url))
            self._running = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def _start(self) -> Boot:
        if self._app:
            return start_app(self._folder, self._env, app=self._app)
        return start(DATA_DIR=str(self._folder), **self._env)

    def follow(self, mailbox: Maildir | Imap, name: str = "Mine", **settings: Any) -> int:
        """Have a mailbox followed; the id of the account, which is well."""
        given = {"name": name, "address": "me@example.org", **mailbox.account}
        account: int = self.api.post("/accounts", {**given, "settings": {**given["settings"], **settings}})["id"]
        self.hears("account.state", account_id=account, state="well")
        return account

    def hears(self, kind: str, **told: Any) -> dict[str, Any]:
        """What the next event of that type tells; where something is `told`, the next one that tells just that."""
        data: dict[str, Any] = self._hearer.hears(kind, **told)["data"]
        return data

    def understands(self, count: int) -> list[int]:
        """The ids of the next messages that are understood."""
        return [self.hears("message.understood")["message_id"] for _ in range(count)]

    def analysis(self, message_id: int) -> dict[str, Any]:
        """What it says of a message."""
        analysis: dict[str, Any] = self.api.get(f"/messages/{message_id}")["analysis"]
        return analysis

    @property
    def subjects(self) -> list[str]:
        """The messages that it shows, the latest first."""
        return [message["subject"] for message in self.api.get("/messages")["messages"]]

    @property
    def audit(self) -> list[str]:
        """What its users had it do, the latest first."""
        return [entry["action"] for entry in self.api.get("/audit")["entries"]]
