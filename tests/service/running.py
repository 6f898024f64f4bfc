"""The whole service, which follows a Maildir: asked over HTTP and heard over Socket.IO, as its user does."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from tests.service.api.client import Api
from tests.service.process import start
from tests.service.worker.hearer import Hearer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot


class Running:
    """As a context manager it runs, the second time as after a restart; `env` may then be another one."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.env = {"DATA_DIR": str(folder), "MAILDIR_ROOTS": str(folder), "SECRET_KEYS": "s" * 32, **env}
        self.boot: Boot
        self.api: Api
        self._hearer: Hearer
        self._maildir = folder / "Mail"
        self._delivered = 0
        for part in ("cur", "new", "tmp"):
            (self._maildir / part).mkdir(parents=True)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.boot = stack.enter_context(start(**self.env))
            self.api = stack.enter_context(Api(self.boot.wait_ready()))
            self._hearer = stack.enter_context(Hearer(self.boot.url))
            self._running = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def follow(self) -> int:
        """Have the Maildir followed; the id of the account, which is well."""
        given = {
            "kind": "maildir",
            "name": "Mail",
            "address": "me@example.org",
            "settings": {"path": str(self._maildir)},
        }
        account: int = self.api.post("/accounts", given)["id"]
        self.hears("account.state", state="well")
        return account

    def deliver(self, *mails: bytes) -> None:
        """Have messages arrive."""
        for mail in mails:
            self._delivered += 1
            name = f"{self._delivered:06}.test"
            (self._maildir / "tmp" / name).write_bytes(mail)
            (self._maildir / "tmp" / name).rename(self._maildir / "new" / name)

    def hears(self, kind: str, **told: Any) -> dict[str, Any]:
        """What the next event of that type tells; where something is `told`, the next one that tells just that."""
        data: dict[str, Any] = self._hearer.hears(kind, **told)["data"]
        return data

    def receives(self, *mails: bytes) -> list[int]:
        """Have messages arrive and be understood; their ids."""
        self.deliver(*mails)
        return [self.hears("message.understood")["message_id"] for _ in mails]

    @property
    def audit(self) -> list[str]:
        """What its users had it do, the latest first."""
        return [entry["action"] for entry in self.api.get("/audit")["entries"]]
