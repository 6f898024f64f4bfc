"""Commands on drafts and on dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from service.commands import COMMANDS, drafts
from service.commands.command import Refused
from service.store.tables import DeadLetter, Draft, Message
from tests.service.api.seed import Filled, fill

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client


@pytest.fixture
def filled(client: Client) -> Filled:
    """Mail that is stored and understood."""
    return fill(client.store.database)


def draft_id(client: Client) -> int:
    """The one draft."""
    with client.store.database.read() as session:
        return session.scalars(select(Draft.id)).one()


def test_a_draft_is_edited_and_discarded(client: Client, filled: Filled) -> None:
    """What is left out stays; editing brings a discarded one back."""
    id_ = draft_id(client)
    edited = client.do("drafts.edit", id=id_, text="Gladly.", to=[{"address": "bob@example.com"}])
    assert (edited["state"], edited["text"], edited["subject"]) == ("edited", "Gladly.", "Re: Lunch on Friday?")
    assert edited["to"] == [{"name": "", "address": "bob@example.com"}]
    assert client.do("drafts.discard", id=id_)["state"] == "discarded"
    assert client.do("drafts.edit", id=id_, subject="Lunch")["state"] == "edited"
    with pytest.raises(Refused, match="there is no draft 4711"):
        client.do("drafts.edit", id=4711)


@pytest.mark.parametrize("longer", [{"text": "x" * 1000}, {"to": [{"name": "x" * 300, "address": "x" * 300}]}])
def test_drafts_are_not_longer_than_may_be_together(
    client: Client, filled: Filled, monkeypatch: pytest.MonkeyPatch, longer: dict[str, Any]
) -> None:
    """What would be too long is refused, and a shorter one is not, though all together still are."""
    monkeypatch.setattr(drafts, "MOST", 500)
    id_ = draft_id(client)
    with pytest.raises(Refused, match=r"your drafts would have \d+ characters, and at most 500 are kept") as refused:
        client.do("drafts.edit", id=id_, **longer)
    assert refused.value.status == 409
    assert client.do("drafts.edit", id=id_, text="x" * 400)["state"] == "edited"
    monkeypatch.setattr(drafts, "MOST", 100)
    assert client.do("drafts.edit", id=id_, text="x" * 300)["text"] == "x" * 300


def test_one_command_alone_sends() -> None:
    """Nothing is ever sent by itself."""
    assert [name for name in COMMANDS if "send" in name] == ["drafts.send"]


def test_nothing_is_sent_where_the_operator_does_not_want_it(client: Client, filled: Filled) -> None:
    """Which is so unless it is set up."""
    with pytest.raises(Refused, match="GMAIL_SEND=true"):
        client.do("drafts.send", id=draft_id(client))


def test_a_dead_letter_is_tried_again(client: Client, filled: Filled) -> None:
    """It is one no more, the message waits for its work, and the worker is told."""
    with client.store.database.read() as session:
        letter = session.scalars(select(DeadLetter.id)).one()
        enqueued = text("SELECT count(*) FROM workflow_status WHERE name = 'understand'")
        if not client.store.database.is_sqlite:
            enqueued = text("SELECT count(*) FROM dbos.workflow_status WHERE name = 'understand'")
        before = session.scalar(enqueued)
    assert client.do("dead-letters.retry", id=letter)["message_id"] == filled.unread
    with client.store.database.read() as session:
        assert session.scalars(select(DeadLetter)).all() == []
        assert session.get_one(Message, filled.unread).analysed_at is None
        assert session.scalar(enqueued) == before + 1
    with pytest.raises(Refused, match="there is no dead letter"):
        client.do("dead-letters.retry", id=letter)
