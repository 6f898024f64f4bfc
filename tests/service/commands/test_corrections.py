"""Corrections: the user says what a message is, and the assistant learns from it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from service.commands.command import Refused
from service.core.bayes import increments
from service.core.mime import parse
from service.core.tokens import tokens
from service.store.tables import Analysis, Correction, Event, Learned, Rule
from tests.service.api.seed import Filled, fill
from tests.service.store.followed import BEGIN, mail
from tests.service.store.locks import mail_read_in_writes

if TYPE_CHECKING:
    from tests.service.commands.conftest import Client


@pytest.fixture
def filled(client: Client) -> Filled:
    """Mail that is stored and understood."""
    return fill(client.store.database)


def learned(client: Client) -> dict[str, dict[str, int]]:
    """What was learned: counts by category and token."""
    found: dict[str, dict[str, int]] = {}
    with client.store.database.read() as session:
        for row in session.scalars(select(Learned)):
            found.setdefault(row.category, {})[row.token] = row.count
    return found


def shown(client: Client, message_id: int) -> Analysis:
    """How a message is shown."""
    with client.store.database.read() as session:
        return session.get_one(Analysis, message_id)


def counts() -> dict[str, int]:
    """What the seed's question teaches."""
    question = mail("Lunch on Friday?", "Are you free for lunch, at the café?\n", Message_ID="<question@example.com>")
    return increments(tokens(parse(question)))


def test_a_correction_is_shown_and_learned_at_once(client: Client, filled: Filled) -> None:
    """What triage said stays beside it, and an event tells it."""
    answer = client.do("messages.correct", id=filled.question, category="calendar")
    assert (answer["category"], answer["was"]) == ("calendar", "needs-reply")
    analysis = shown(client, filled.question)
    assert (analysis.category, analysis.triaged) == ("calendar", "needs-reply")
    assert learned(client) == {"calendar": counts()}
    with client.store.database.read() as session:
        told = session.scalars(select(Event).where(Event.type == "message.corrected")).one()
    assert told.data == {"message_id": filled.question, "category": "calendar", "was": "needs-reply"}
    assert told.account_id == filled.work


def test_the_same_correction_teaches_once(client: Client, filled: Filled) -> None:
    """Said twice it is one message that was filed."""
    for _ in range(2):
        client.do("messages.correct", id=filled.question, category="calendar")
    assert learned(client) == {"calendar": counts()}


def test_another_correction_takes_the_first_one_back(client: Client, filled: Filled) -> None:
    """As if the first had never been; what the assistant had said is remembered."""
    client.do("messages.correct", id=filled.question, category="calendar")
    answer = client.do("messages.correct", id=filled.question, category="fyi")
    assert (answer["category"], answer["was"]) == ("fyi", "needs-reply")
    assert learned(client) == {"fyi": counts()}
    with client.store.database.read() as session:
        assert len(session.scalars(select(Correction)).all()) == 1


def test_a_correction_is_taken_back(client: Client, filled: Filled) -> None:
    """Rules decide again, and nothing was learned."""
    definition = {"name": "Bob", "when": {"from": {"contains": "bob"}}, "then": {"category": "spam"}}
    with client.store.database.write() as session:
        session.add(Rule(user_id=client.user_id, position=1, name="Bob", definition=definition, updated_at=BEGIN))
    client.do("messages.correct", id=filled.question, category="calendar")
    client.do("messages.uncorrect", id=filled.question)
    assert shown(client, filled.question).category == "spam"
    assert learned(client) == {}
    with pytest.raises(Refused, match="was not corrected"):
        client.do("messages.uncorrect", id=filled.question)


def test_what_is_not_understood_cannot_be_corrected(client: Client, filled: Filled) -> None:
    """Nor what is not there."""
    with pytest.raises(Refused, match="not understood yet") as refused:
        client.do("messages.correct", id=filled.unread, category="fyi")
    assert refused.value.status == 409
    with pytest.raises(Refused, match="there is no message 4711") as refused:
        client.do("messages.correct", id=4711, category="fyi")
    assert refused.value.status == 404
    with pytest.raises(Refused) as refused:
        client.do("messages.correct", id=filled.question, category="love")
    assert "needs-reply" in refused.value.errors[0]["accepted"]


def test_corrections_at_once_are_all_counted(client: Client, filled: Filled) -> None:
    """Two messages that share words, corrected in the same moment."""
    results: list[Any] = []

    def send(message_id: int) -> None:
        results.append(client.do("messages.correct", id=message_id, category="calendar"))

    threads = [threading.Thread(target=send, args=(id_,)) for id_ in (filled.question, filled.answer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert learned(client)["calendar"][""] == 2


def test_nobody_waits_while_a_corrected_message_is_read(client: Client, filled: Filled) -> None:
    """It is read before the transaction that writes begins."""
    with mail_read_in_writes(client.store.database) as found:
        client.do("messages.correct", id=filled.question, category="calendar")
        client.do("messages.uncorrect", id=filled.question)
    assert found == []


def test_a_correction_whose_message_is_gone_has_its_answer_again(client: Client, filled: Filled) -> None:
    """With its key; without it, it is told that there is no such message."""
    answer = client.do("messages.correct", key="k", id=filled.question, category="calendar")
    client.do("accounts.delete", id=filled.work)
    assert client.do("messages.correct", key="k", id=filled.question, category="calendar") == answer
    with pytest.raises(Refused, match=f"there is no message {filled.question}"):
        client.do("messages.correct", id=filled.question, category="calendar")
