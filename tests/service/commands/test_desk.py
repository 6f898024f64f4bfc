"""The desk: a command is done whole or not at all, and with a key it is done once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from service.access.limits import Limited
from service.commands import desk
from service.commands.command import Refused
from service.commands.desk import forget_answers
from service.store import events
from service.store.tables import Account, Audit, Command, Event, User
from service.store.tables.log import Audit as AuditRow

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client


def count(client: Client, table: type) -> int:
    """How many rows there are."""
    with client.store.database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def test_a_command_is_done_with_its_event_and_its_audit(client: Client, maildir: str) -> None:
    """All are there once it is answered; the audit says who did what, by ids."""
    made = client.do("accounts.create", kind="maildir", name="Work", settings={"path": maildir})
    with client.store.database.read() as session:
        assert session.scalars(select(Account.name)).all() == ["Work"]
        [event] = session.scalars(select(Event)).all()
        assert (event.id, event.type, event.account_id) == (1, "account.created", made["id"])
        [audit] = session.scalars(select(AuditRow)).all()
        assert (audit.actor, audit.action, audit.detail) == ("test", "accounts.create", {"account_id": made["id"]})


def test_a_refused_command_leaves_nothing(client: Client) -> None:
    """Not even its key: the same key may be used for the next attempt."""
    for _ in range(2):
        with pytest.raises(Refused, match="there is no account 7") as refused:
            client.do("accounts.pause", key="k", id=7)
        assert refused.value.status == 404
    assert count(client, Audit) == count(client, Event) == count(client, Command) == 0


def test_with_a_key_it_is_done_once(client: Client, maildir: str) -> None:
    """Sent again it has the first answer, whatever has changed since, and does nothing more."""
    given: dict[str, Any] = {"kind": "maildir", "name": "Work", "settings": {"path": maildir}}
    first = client.do("accounts.create", key="k", **given)
    client.do("accounts.update", id=first["id"], name="Home")
    assert client.do("accounts.create", key="k", **given) == first
    assert client.do("accounts.create", key="another", **given)["id"] != first["id"]
    assert count(client, Account) == 2


def test_a_key_stands_for_one_command(client: Client, maildir: str) -> None:
    """Another command, other data or another password with the same key are refused."""
    given: dict[str, Any] = {"kind": "maildir", "name": "Work", "settings": {"path": maildir}, "secret": "one"}
    made = client.do("accounts.create", key="k", **given)
    refused_ones: list[tuple[str, dict[str, Any]]] = [
        ("accounts.create", {**given, "name": "Home"}),
        ("accounts.create", {**given, "secret": "two"}),
        ("accounts.pause", {"id": made["id"]}),
    ]
    for name, other in refused_ones:
        with pytest.raises(Refused, match="use a new key for each command") as refused:
            client.do(name, key="k", **other)
        assert refused.value.status == 422
    assert count(client, Account) == 1


def test_so_many_keys_are_remembered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused until there is room; a known one and a command without any are not, nor is somebody else."""
    monkeypatch.setattr(desk, "MOST", 2)
    for key in "ab":
        client.do("control.pause-all", key=key)
    with pytest.raises(
        Limited, match=r"2 of your idempotency keys are remembered for a day, and no more: wait 8\d{4} s"
    ):
        client.do("control.pause-all", key="c")
    assert count(client, Command) == count(client, Audit) == 2
    client.do("control.pause-all", key="a")
    client.do("control.pause-all")
    assert count(client, Command) == 2
    with client.store.database.write() as session:
        other = User(name="bob", created_at=datetime.now(UTC))
        session.add(other)
    client.desk.do(other.id, "control.pause-all", {}, key="c", actor="test")
    with client.store.database.write() as session:
        forget_answers(session, datetime.now(UTC))
    client.do("control.pause-all", key="c")


def test_a_command_that_is_sent_twice_at_once_is_done_once(client: Client, maildir: str) -> None:
    """The second waits for the first, and has its answer."""
    answers = []
    barrier = threading.Barrier(6)

    def send() -> None:
        barrier.wait()
        answers.append(client.do("accounts.create", key="k", kind="maildir", name="Work", settings={"path": maildir}))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert len({answer["id"] for answer in answers}) == 1
    assert count(client, Account) == count(client, Event) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "ключ", "two\nlines"])
def test_a_key_that_cannot_be_kept_is_refused(client: Client, key: str) -> None:
    """A key is 1 to 255 printable characters."""
    with pytest.raises(Refused, match="1 to 255 printable characters"):
        client.do("control.pause-all", key=key)


def test_old_answers_are_forgotten(client: Client) -> None:
    """Afterwards a key is free again."""
    client.do("control.pause-all", key="k")
    with client.store.database.write() as session:
        at = session.scalars(select(Command.at)).one()
        assert forget_answers(session, at) == 0
        assert forget_answers(session, at.replace(year=at.year + 1)) == 1
    client.do("control.resume-all", key="k")


def test_an_unknown_command_is_told_the_known_ones(client: Client) -> None:
    """404 lists them."""
    with pytest.raises(Refused, match=r"there is no command 'accounts\.burn': there are accounts\.create"):
        client.do("accounts.burn")


def test_all_that_is_wrong_with_the_data_is_told(client: Client) -> None:
    """Where, what and the value of each, but of no secret."""
    with pytest.raises(Refused) as refused:
        client.do("accounts.update", id="7", name="", secret=["hunter2"], colour="red")
    assert refused.value.status == 422
    told = {error["where"]: error for error in refused.value.errors}
    assert told["id"] == {"where": "id", "what": "Input should be a valid integer", "value": "7"}
    assert told["name"]["value"] == ""
    assert told["colour"] == {"where": "colour", "what": "There is no such field here", "value": "red"}
    assert "hunter2" not in repr(told)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("given", [None, [], "text", 1])
def test_data_that_is_no_object_is_refused(client: Client, given: object) -> None:
    """A command takes an object."""
    with pytest.raises(Refused, match="takes an object"):
        client.desk.do(client.user_id, "control.pause-all", given, actor="test")


def test_a_text_with_nul_is_refused(client: Client) -> None:
    """No database of ours would keep it."""
    with pytest.raises(Refused, match="name: There is a NUL character"):
        client.do("accounts.update", id=1, name="a\0b")


@pytest.mark.parametrize("depth", [900, 5_000, 50_000])
def test_what_is_nested_too_deep_is_refused(client: Client, depth: int) -> None:
    """As everything else that cannot be used, and not as a fault of the service."""
    given: Any = "end"
    for _ in range(depth):
        given = {"a": [given]}
    with pytest.raises(Refused, match=r"accounts\.create cannot be done with this"):
        client.do("accounts.create", kind="maildir", name="Work", settings=given)


def test_events_are_in_the_order_of_the_commands(client: Client, maildir: str) -> None:
    """A client that replays sees what happened, in order."""
    made = client.do("accounts.create", kind="maildir", name="Work", settings={"path": maildir})
    client.do("accounts.pause", id=made["id"])
    client.do("accounts.delete", id=made["id"])
    with client.store.database.read() as session:
        log = events.after(session, client.user_id, 0, 10)
        assert log is not None
        assert [event.type for event in log] == ["account.created", "account.paused", "account.deleted"]
