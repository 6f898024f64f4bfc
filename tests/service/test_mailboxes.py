"""Mailboxes from end to end: made over HTTP, followed by the running service, heard over Socket.IO, read over HTTP."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.api.client import Api
from tests.service.dovecot_server import PASSWORD
from tests.service.engine import run_client
from tests.service.live.listener import Listener
from tests.service.process import metric, start
from tests.service.store.followed import raw
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from service.store.url import DatabaseUrl
    from tests.service.dovecot_server import DovecotServer

ASKS = "Could you send me the report by Friday? I need the figures for the meeting."


class Maildir:
    """A folder, and what a delivering program and a mail program do in it."""

    def __init__(self, path: Path) -> None:
        self.account: dict[str, Any] = {"kind": "maildir", "settings": {"path": str(path)}}
        self._path = path
        self._numbers = itertools.count(1)
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True)

    def deliver(self, content: bytes) -> None:
        """A message arrives, unread."""
        name = f"{next(self._numbers)}.test"
        (self._path / "tmp" / name).write_bytes(content)
        (self._path / "tmp" / name).rename(self._path / "new" / name)

    def flag(self) -> None:
        """Its reader has read the first one, and finds it important."""
        (self._path / "new" / "1.test").rename(self._path / "cur" / "1.test:2,FS")

    def delete(self) -> None:
        """Its reader throws it away."""
        (self._path / "cur" / "1.test:2,FS").unlink()


class Imap:
    """A mailbox on a server, and what programs do in it."""

    def __init__(self, server: DovecotServer, user: str) -> None:
        where = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": user}
        self.account: dict[str, Any] = {"kind": "imap", "settings": where, "secret": PASSWORD}
        self._server, self._user = server, user

    def deliver(self, content: bytes) -> None:
        """A message arrives, unread."""
        self._server.append(self._user, content)

    def flag(self) -> None:
        """Its reader has read it, and finds it important."""
        with self._server.client(self._user) as client:
            client.add_flags(client.search(), ["\\Seen", "\\Flagged"])

    def delete(self) -> None:
        """Its reader throws it away."""
        with self._server.client(self._user) as client:
            client.delete_messages(client.search())
            client.expunge()


@pytest.fixture(params=["maildir", pytest.param("imap", marks=pytest.mark.docker)])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Maildir | Imap:
    """An empty mailbox of each kind."""
    if request.param == "maildir":
        return Maildir(tmp_path / "maildir" / "mine")
    return Imap(request.getfixturevalue("dovecot"), request.getfixturevalue("user"))


@pytest.fixture
def env(database_url: DatabaseUrl, tmp_path: Path) -> dict[str, str]:
    """What the service has on each database."""
    return {
        "DATABASE_URL": database_url.get_secret_value(),
        "SECRET_KEYS": KEYS,
        "DATA_DIR": str(tmp_path),
        "IMAP_ALLOW_PRIVATE": "true",
    }


def test_a_mailbox_is_followed(mailbox: Maildir | Imap, env: dict[str, str]) -> None:
    """Mail is told and understood with a reason; flags and deletions are followed, and what was missed in a pause."""

    async def scenario(boot_url: str, api: Api) -> None:
        async with Listener(boot_url, "websocket", 0) as listener:
            told = listener.told

            account = api.post("/accounts", {"name": "Mine", "address": "me@example.org", **mailbox.account})["id"]
            await told("account.state", lambda data: data["state"] == "well")
            mailbox.deliver(raw(1, text=ASKS))
            arrived = await told("message.new")
            assert arrived["subject"] == "Number 1"
            understood = await told("message.understood")
            assert (understood["category"], understood["draft"]) == ("needs-reply", True)
            message = api.get(f"/messages/{arrived['message_id']}")
            assert message["text"].strip() == ASKS
            assert message["analysis"]["reasons"]
            assert message["seen"] is False
            mailbox.flag()
            changed = await told("message.changed")
            assert (changed["seen"], changed["flagged"]) == (True, True)
            api.post(f"/accounts/{account}/pause")
            mailbox.delete()
            assert api.get("/status")["accounts"][0]["paused"] is True
            api.post(f"/accounts/{account}/resume")
            assert (await told("message.removed"))["message_id"] == arrived["message_id"]
            status = api.get("/status")["accounts"][0]
            assert (status["needs_reauth"], status["error"], status["waiting"]) == (False, "", 0)

    with start(**env) as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))
        assert metric(boot, f'airlock_messages_total{{outcome="understood",source="{mailbox.account["kind"]}"}}') == 1


@pytest.mark.parametrize(
    ("mailbox", "database_url"),
    [("maildir", "sqlite"), pytest.param("imap", "postgresql", marks=pytest.mark.docker)],
    indirect=True,
)
def test_a_message_over_the_limit_is_kept_by_its_header(mailbox: Maildir | Imap, env: dict[str, str]) -> None:
    """With a note; one of 30 MB that is under it is kept as it is, and both are understood."""
    line = b"x" * 71 + b"\n"
    whole, large = raw(1) + 420_000 * line, raw(2) + 440_000 * line

    async def scenario(boot_url: str, api: Api) -> None:
        async with Listener(boot_url, "websocket", 0) as listener:
            api.post("/accounts", {"name": "Mine", **mailbox.account})
            for content in (whole, large):
                mailbox.deliver(content)
                await listener.hears("message.understood")
        large_id, whole_id = (message["id"] for message in api.get("/messages")["messages"])
        found = api.get(f"/messages/{whole_id}")
        assert (found["subject"], found["complete"]) == ("Number 1", True)
        kept = api.send("GET", f"/messages/{whole_id}/raw").content
        assert kept.replace(b"\r\n", b"\n") == whole
        assert found["size"] == len(kept)
        found = api.get(f"/messages/{large_id}")
        assert (found["subject"], found["complete"], found["text"]) == ("Number 2", False, "")
        assert "it is larger than the limit; only its headers are kept" in found["defects"]
        assert found["size"] >= len(large)
        assert found["analysis"]["reasons"]
        kept = api.send("GET", f"/messages/{large_id}/raw").content
        assert kept.replace(b"\r\n", b"\n") == large.partition(b"\n\n")[0] + b"\n\n"

    with start(**env, MAX_MESSAGE_SIZE="31000000") as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))


@pytest.mark.docker
def test_a_wrong_password_waits_for_another_one(dovecot: DovecotServer, user: str, env: dict[str, str]) -> None:
    """It is tried once, not even again when a sync is asked for; the next one is tried at once, wrong or right."""

    async def scenario(boot_url: str, api: Api) -> None:
        async with Listener(boot_url, "websocket", 0) as listener:

            async def becomes(account: int, state: str) -> None:
                while (data := (await listener.hears("account.state"))[1]["data"])["state"] != state:
                    pass
                assert data["account_id"] == account

            given = {"name": "Mine", **Imap(dovecot, user).account, "secret": "another"}
            account = api.post("/accounts", given)["id"]
            for refused in (1, 2):
                await becomes(account, "needs_reauth")
                status = api.get("/status")["accounts"][0]
                assert status["needs_reauth"] is True
                assert "password" in status["error"]
                assert "another" not in status["error"]
                api.post(f"/accounts/{account}/sync")
                beside = api.post("/accounts", {"name": "Beside", **Imap(dovecot, f"{user}-{refused}").account})["id"]
                await becomes(beside, "well")  # the worker has looked at all accounts since
                assert dovecot.refusals(user) == refused
                secret = "another one" if refused == 1 else PASSWORD
                api.send("PATCH", f"/accounts/{account}", json={"secret": secret}).raise_for_status()
            await becomes(account, "well")
            assert dovecot.refusals(user) == 2

    with start(**env) as boot:
        with Api(boot.wait_ready()) as api:
            run_client(scenario(boot.url, api))
        assert "another" not in boot.output


def test_all_that_is_the_users_is_exported_and_then_gone(env: dict[str, str], tmp_path: Path) -> None:
    """Out of the database's own file too: no word of the mail is left in any file of the service."""
    word = b"zwiebelturmuhr"
    mailbox = Maildir(tmp_path / "mail" / "mine")

    async def scenario(boot_url: str, api: Api) -> None:
        async with Listener(boot_url, "websocket", 0) as listener:
            api.post("/accounts", {"name": "Mine", **mailbox.account})
            mailbox.deliver(raw(1, text=f"The {word.decode()} is repaired."))
            await listener.hears("message.understood")
            assert word in api.send("GET", "/export/mbox").content
            api.post("/delete-everything", {"confirm": "delete everything"})
            assert api.get("/messages")["messages"] == []
            assert api.get("/accounts")["accounts"] == []

    with start(**env, MAILDIR_ROOTS=str(tmp_path / "mail")) as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))
        assert boot.stop() == 0
    shutil.rmtree(tmp_path / "mail")
    assert not [file.name for file in tmp_path.rglob("*") if file.is_file() and word in file.read_bytes()]


def test_the_demo_goes_with_the_first_account(tmp_path: Path) -> None:
    """Its first mails are there at once; when there is a mailbox of one's own nothing of them is left."""
    mailbox = Maildir(tmp_path / "maildir" / "mine")

    async def scenario(boot_url: str, api: Api) -> None:
        async with Listener(boot_url, "websocket", 0) as listener:
            await listener.hears("message.understood")
            assert [account["kind"] for account in api.get("/accounts")["accounts"]] == ["demo"]
            mailbox.deliver(raw(1, text=ASKS))
            api.post("/accounts", {"name": "Mine", **mailbox.account})
            while (await listener.hears("message.new"))[1]["data"]["subject"] != "Number 1":
                pass
            assert [message["subject"] for message in api.get("/messages")["messages"]] == ["Number 1"]

    with start(DATA_DIR=str(tmp_path), DEMO="true") as boot, Api(boot.wait_ready()) as api:
        run_client(scenario(boot.url, api))
