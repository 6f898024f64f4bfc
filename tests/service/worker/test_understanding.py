"""Understanding: each message once, in its account's order, with all that the assistant makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from service.core.rules import definition, parse_rules
from service.mail.source import Cursor
from service.settings import Settings
from service.store.opened import Store
from service.store.queue import Queue
from service.store.tables import Analysis, Correction, Correspondent, DeadLetter, Draft, Rule, RuleApplication
from service.store.vault import Vault
from service.worker import ruling
from service.worker.understanding import Understanding
from tests.service.store.followed import NOW, arrival, raw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.service.store.followed import Mailbox

ASKS = "Could you send me the report by Friday? I need the figures for the meeting on 12 November."
RULES = """
[[rule]]
name = "Ann first"
when = {from = {contains = "ann@example.com"}}
then = {label = ["people"], pin = true, priority = "high"}

[[rule]]
name = "No newsletters"
when = {subject = {contains = "news"}}
then = {category = "newsletter", hide = true, skip-draft = true, stop = true}
"""


def understanding(mailbox: Mailbox) -> Understanding:
    """What the worker's steps do."""
    store = Store(mailbox.database, Vault(["k" * 32]))
    return Understanding(store, Queue(mailbox.database), Settings())


def understand_all(mailbox: Mailbox) -> None:
    """Do all the work there is."""
    working = understanding(mailbox)
    while working.understand_next(mailbox.account_id)[0]:
        pass


def all_of(mailbox: Mailbox, table: Any) -> Sequence[Any]:
    """Every row of a table."""
    with mailbox.database.read() as session:
        return session.scalars(select(table)).all()


def set_rules(mailbox: Mailbox, toml: str) -> None:
    """Have these rules alone."""
    with mailbox.database.write() as session:
        session.execute(text("DELETE FROM rules"))
        for position, rule in enumerate(parse_rules(toml, "toml")):
            session.add(
                Rule(
                    user_id=mailbox.user_id, position=position, name=rule.name, definition=definition(rule),
                    updated_at=NOW,
                )
            )  # fmt: skip


def test_a_message_is_understood_with_reasons(mailbox: Mailbox) -> None:
    """Category, score, reasons in words, summary, requests with their days, dates, and a draft that states nothing."""
    mailbox.inbox().deliver("INBOX", [arrival(1, raw(1, text=ASKS))], Cursor(7, 2))
    understand_all(mailbox)
    (analysis,) = all_of(mailbox, Analysis)
    assert analysis.category == analysis.triaged == "needs-reply"
    assert 0 < analysis.score <= 1
    assert all(reason["words"] for reason in analysis.reasons)
    assert analysis.summary in ASKS
    assert [action["due"] for action in analysis.actions] == ["2026-11-06"]
    assert "2026-11-12" in [date["at"] for date in analysis.dates]
    (draft,) = all_of(mailbox, Draft)
    assert (draft.state, draft.subject, draft.in_reply_to) == ("proposed", "Re: Number 1", "1@example.com")
    assert draft.to == [{"name": "Ann", "address": "ann@example.com"}]
    assert "[…]" in draft.text


def test_each_message_is_told_once_in_the_order_of_arrival(mailbox: Mailbox) -> None:
    """Over several batches, and when the work is done again."""
    mailbox.inbox().deliver("INBOX", [arrival(uid) for uid in range(1, 61)], Cursor(7, 61))
    understand_all(mailbox)
    understand_all(mailbox)
    told = [event.data["message_id"] for event in mailbox.events() if event.type == "message.understood"]
    assert told == [message.id for message in mailbox.messages()]
    assert all(message.analysed_at for message in mailbox.messages())


def test_correspondents_are_counted_once_for_each_message(mailbox: Mailbox) -> None:
    """What passed between the user and others is what triage goes by later."""
    mine = {"From": "me@example.org", "To": "ann@example.com"}
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2, raw(2, **mine)), arrival(3)], Cursor(7, 4))
    understand_all(mailbox)
    understand_all(mailbox)
    (ann,) = all_of(mailbox, Correspondent)
    assert (ann.address, ann.sent, ann.received) == ("ann@example.com", 1, 2)


def test_rules_are_applied_in_order_and_each_application_is_noted(mailbox: Mailbox) -> None:
    """What they set is shown, with the reason; a rule that says stop is the last one."""
    set_rules(mailbox, RULES)
    mail = [raw(1, text=ASKS), raw(2, Subject="News of the week", From="Bob <bob@example.net>")]
    mailbox.inbox().deliver("INBOX", [arrival(uid, one) for uid, one in enumerate(mail, 1)], Cursor(7, 3))
    understand_all(mailbox)
    first, second = all_of(mailbox, Analysis)
    assert (first.labels, first.pinned, first.priority, first.hidden) == (["people"], True, "high", False)
    assert (second.category, second.hidden, second.labels) == ("newsletter", True, [])
    assert [draft.message_id for draft in all_of(mailbox, Draft)] == [first.message_id]
    noted = [(one.rule, one.message_id, one.actions) for one in all_of(mailbox, RuleApplication)]
    assert noted == [
        ("Ann first", first.message_id, ["label people", "pin", "priority high"]),
        ("No newsletters", second.message_id, ["file under newsletter", "hide", "no draft", "stop"]),
    ]


def test_rules_are_applied_to_stored_mail_and_taken_back(mailbox: Mailbox) -> None:
    """In batches and the same however often; without a rule triage has its word again; a correction outdoes all."""
    count = ruling.BATCH + 5
    mail = [arrival(uid, raw(uid, Subject="Some news")) for uid in range(1, count + 1)]
    mailbox.inbox().deliver("INBOX", mail, Cursor(7, count + 1))
    understand_all(mailbox)
    with mailbox.database.write() as session:
        corrected = session.scalars(select(Analysis).order_by(Analysis.message_id).limit(1)).one()
        corrected.category = "receipt"
        session.add(
            Correction(
                user_id=mailbox.user_id, message_id=corrected.message_id, category="receipt", was="fyi", at=NOW
            )
        )  # fmt: skip
    triaged = {one.message_id: one.triaged for one in all_of(mailbox, Analysis)}
    set_rules(mailbox, RULES)
    working = understanding(mailbox)
    for _ in range(2):
        after: int | None = 0
        steps = 0
        while after is not None:
            after, steps = working.apply_rules(mailbox.user_id, after), steps + 1
        assert steps == 3
    assert [one.category for one in all_of(mailbox, Analysis)].count("newsletter") == count - 1
    assert len(all_of(mailbox, RuleApplication)) == 2 * count
    set_rules(mailbox, "")
    working.apply_rules(mailbox.user_id, 0)
    working.apply_rules(mailbox.user_id, ruling.BATCH)
    shown = {one.message_id: one.category for one in all_of(mailbox, Analysis)}
    assert shown == triaged | {corrected.message_id: "receipt"}
    ruled = [event for event in mailbox.events() if event.type == "message.ruled"]
    assert len(ruled) == 2 * count


def test_a_dead_letter_waits_for_a_person_and_holds_nobody_up(mailbox: Mailbox) -> None:
    """It is announced once, and the messages after it are understood."""
    mailbox.inbox().deliver("INBOX", [arrival(uid) for uid in (1, 2, 3)], Cursor(7, 4))
    working = understanding(mailbox)
    second = mailbox.messages()[1].id
    for _ in range(2):
        working.bury(second, "ValueError", 4)
    understand_all(mailbox)
    assert [one.message_id for one in all_of(mailbox, DeadLetter)] == [second]
    assert [bool(message.analysed_at) for message in mailbox.messages()] == [True, False, True]
    assert [event.type for event in mailbox.events()].count("message.failed") == 1
    working.understand_one(second)
    assert all_of(mailbox, DeadLetter) == []
    assert len(all_of(mailbox, Analysis)) == 3


@pytest.mark.parametrize("content", [b"", b"\xff\0\xfe" * 100, b"From: x\r\n\r\n" + b"=?" * 5000])
def test_anything_is_understood_as_something(mailbox: Mailbox, content: bytes) -> None:
    """What is hardly a message has a category too."""
    mailbox.inbox().deliver("INBOX", [arrival(1, content)], Cursor(7, 2))
    understand_all(mailbox)
    assert len(all_of(mailbox, Analysis)) == 1
