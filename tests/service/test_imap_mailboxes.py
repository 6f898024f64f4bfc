"""What happens to mail on a real IMAP server, as a user of the whole service sees it: moves, removals, new folders."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.api.client import Api
from tests.service.dovecot_server import PASSWORD, DovecotServer
from tests.service.process import start
from tests.service.store.databases import KINDS
from tests.service.store.followed import raw
from tests.service.worker.hearer import Hearer
from tests.service.worker.kept import KEYS
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot

FOLDERS = ["INBOX", "Archive", "Work"]

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest) -> Iterator[Boot]:
    """The service on each database, for all the tests of this module."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            server, template = map(request.getfixturevalue, ("postgresql", "migrated_name"))
            url = stack.enter_context(server.lent(template)).get_secret_value()
        boot = stack.enter_context(start(DATABASE_URL=url, SECRET_KEYS=KEYS, IMAP_ALLOW_PRIVATE="true"))
        yield boot.wait_ready()


class Mailbox:
    """A user's three folders on the server, which the service follows, and what that says of them."""

    def __init__(self, api: Api, hearer: Hearer, server: DovecotServer, user: str, last_id: int) -> None:
        self.server, self.user = server, user
        self._api, self._hearer, self._begun = api, hearer, last_id
        with server.client(user) as client:
            for folder in FOLDERS[1:]:
                client.create_folder(folder)
        where = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": user}
        settings = where | {"folders": FOLDERS, "poll_seconds": 1500}
        given = {"kind": "imap", "name": user, "settings": settings, "secret": PASSWORD}
        self.account: int = api.post("/accounts", given)["id"]
        self.hears("account.state", state="well")

    def hears(self, kind: str, **data: Any) -> dict[str, Any]:
        """The data of the next event of that kind that has these."""
        heard: dict[str, Any] = self._hearer.hears(kind, **data)["data"]
        return heard

    def gets(self, *numbers: int, folder: str = "INBOX") -> None:
        """Letters arrive, and are understood."""
        self.server.append(self.user, *map(raw, numbers), folder=folder)
        if folder != "INBOX":
            self.looks()
        for _ in numbers:
            self.hears("message.understood")

    def sees(self) -> dict[str, list[str]]:
        """The folders of each message that it has, by its subject."""
        return {message["subject"]: message["folders"] for message in map(self._whole, self.ids())}

    def comes_to(self, **folders: list[int]) -> None:
        """Wait until these are the letters that are in the folders."""
        named = sorted((f"Number {number}", folder) for folder, numbers in folders.items() for number in numbers)
        wait_until(lambda: sorted((name, one) for name, some in self.sees().items() for one in some) == named)

    def looks(self) -> None:
        """The user asks for a sync; of the inbox the server tells by itself, and of the others not soon."""
        self._api.post(f"/accounts/{self.account}/sync")

    def told(self) -> list[tuple[str, str]]:
        """All that was said of messages, by kind and subject."""
        events = self._api.get("/events", after=self._begun, limit=100)["events"]
        said = [(event["type"], event["data"]) for event in events if event["account_id"] == self.account]
        return sorted((kind, self._whole(data["message_id"])["subject"]) for kind, data in said if "message_id" in data)

    def reads(self) -> None:
        """The user opens each message, and downloads it."""
        for message_id in self.ids():
            self._whole(message_id)
            self._api.send("GET", f"/messages/{message_id}/raw").raise_for_status()

    def flags(self) -> dict[str, tuple[bool, bool, bool]]:
        """Whether each message is seen, flagged and answered."""
        return {line["subject"]: (line["seen"], line["flagged"], line["answered"]) for line in self._lines()}

    def ids(self) -> list[int]:
        """The messages that are there."""
        return [line["id"] for line in self._lines()]

    def _lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self._api.get("/messages", account=self.account, limit=100)["messages"]
        return lines

    def _whole(self, message_id: int) -> dict[str, Any]:
        whole: dict[str, Any] = self._api.get(f"/messages/{message_id}")
        return whole


@pytest.fixture
def mailbox(running: Boot, dovecot: DovecotServer, user: str) -> Iterator[Mailbox]:
    """An empty one."""
    with Api(running) as api:
        last_id = api.get("/events", limit=1)["last_id"]
        with Hearer(running.url, last_id) as hearer:
            yield Mailbox(api, hearer, dovecot, user, last_id)


def once(*numbers: int) -> list[tuple[str, str]]:
    """What is said of letters that come and stay."""
    return [(kind, f"Number {number}") for kind in ("message.new", "message.understood") for number in numbers]


def test_mail_that_moves_stays_what_it_is(mailbox: Mailbox) -> None:
    """There and back, and by a copy; it is announced and understood once, and called removed when it is nowhere."""
    mailbox.gets(1, 2, 3)
    with mailbox.server.client(mailbox.user) as client:
        client.move([1], "Archive")
        mailbox.comes_to(INBOX=[2, 3], Archive=[1])
        client.copy([2], "Work")
        client.delete_messages([2])
        client.expunge([2])
        mailbox.comes_to(INBOX=[3], Archive=[1], Work=[2])
        client.select_folder("Archive")
        client.move([1], "INBOX")
        mailbox.looks()
        mailbox.comes_to(INBOX=[3, 1], Work=[2])
        assert mailbox.told() == once(1, 2, 3)
        client.select_folder("Work")
        client.delete_messages([1])
        client.expunge()
    mailbox.looks()
    mailbox.comes_to(INBOX=[3, 1])
    assert mailbox.told() == sorted([*once(1, 2, 3), ("message.removed", "Number 2")])


def test_flags_are_followed_and_none_is_set(mailbox: Mailbox) -> None:
    """Set, taken away, and set in a folder that the server does not tell of; to read here marks nothing there."""
    mailbox.gets(1, 2)
    mailbox.gets(3, folder="Work")
    with mailbox.server.client(mailbox.user) as client:
        client.add_flags([1], ["\\Seen", "\\Flagged", "\\Answered", "$Work"])
        mailbox.hears("message.changed", seen=True, flagged=True, answered=True)
        client.remove_flags([1], ["\\Seen", "\\Answered"])
        mailbox.hears("message.changed", seen=False, flagged=True, answered=False)
        client.select_folder("Work")
        client.add_flags([1], ["\\Answered"])
        mailbox.looks()
        mailbox.hears("message.changed", seen=False, flagged=False, answered=True)
        mailbox.reads()
        on_server = client.get_flags([1])
        client.select_folder("INBOX")
        on_server |= {uid + 1: flags for uid, flags in client.get_flags([1, 2]).items()}
    assert {uid: set(flags) - {b"\\Recent"} for uid, flags in on_server.items()} == {
        1: {b"\\Answered"}, 2: {b"\\Flagged", b"$Work"}, 3: set(),
    }  # fmt: skip
    assert mailbox.flags() == {
        "Number 1": (False, True, False),
        "Number 2": (False, False, False),
        "Number 3": (False, False, True),
    }


def test_a_folder_that_is_made_again_has_its_mail_once(mailbox: Mailbox) -> None:
    """Under another UIDVALIDITY: what was in it before is known, what is new comes, and the rest is removed."""
    mailbox.gets(1, 2, 3, folder="Work")
    with mailbox.server.client(mailbox.user) as client:
        client.delete_folder("Work")
        client.create_folder("Work")
    mailbox.server.append(mailbox.user, *map(raw, (3, 4, 2)), folder="Work")
    mailbox.looks()
    mailbox.comes_to(Work=[2, 3, 4])
    mailbox.hears("message.understood")
    assert mailbox.told() == sorted([*once(1, 2, 3, 4), ("message.removed", "Number 1")])


def test_an_inbox_that_is_numbered_anew_has_its_mail_once(mailbox: Mailbox) -> None:
    """Its administrator gives it another UIDVALIDITY, while the service listens to it."""
    mailbox.gets(1, 2)
    mailbox.server.doveadm("mailbox", "update", "-u", mailbox.user, "--uid-validity", "4711", "INBOX")
    mailbox.gets(3)
    mailbox.comes_to(INBOX=[1, 2, 3])
    assert mailbox.told() == once(1, 2, 3)


def test_mail_that_goes_during_a_sync_is_gone_after_it(mailbox: Mailbox) -> None:
    """Some of it before it was brought, and some after."""
    mailbox.server.append(mailbox.user, *map(raw, range(1, 201)))
    mailbox.hears("message.new")
    with mailbox.server.client(mailbox.user) as client:
        client.delete_messages([1, *range(50, 150), 200])
        client.expunge()
    left = {f"Number {number}" for number in [*range(2, 50), *range(150, 200)]}
    wait_until(lambda: set(mailbox.flags()) == left)
    assert len(mailbox.ids()) == len(left)
