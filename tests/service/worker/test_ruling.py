"""Rules are applied to stored mail beside whatever else happens to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from service.settings import Settings
from service.store import rules
from service.store.queue import Queue
from service.store.tables import Analysis, RuleApplication
from service.worker.ruling import apply_next
from service.worker.understanding import Understanding
from tests.service.store.followed import Mailbox, add_mailbox, mail
from tests.service.store.locks import log_held, mail_read_in_writes, on_postgresql, waiting
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.service.commands.conftest import Client

NEWS = {
    "name": "News",
    "when": {"subject": {"contains": "news"}},
    "then": {"category": "newsletter", "label": ["news"]},
}


@pytest.fixture
def box(client: Client) -> Mailbox:
    """A mailbox with two messages that are understood, and a rule that came later."""
    database = client.store.database
    box = add_mailbox(database, client.user_id)
    box.deliver(mail("News of today"), mail("News of yesterday"))
    Understanding(client.store, Queue(database), Settings()).understand_next(box.account_id)
    client.do("rules.put", rule=[NEWS])
    return box


def analyses(client: Client) -> Sequence[Analysis]:
    """How the messages are shown."""
    with client.store.database.read() as session:
        return session.scalars(select(Analysis).order_by(Analysis.message_id)).all()


def test_nobody_waits_while_mail_is_read(client: Client, box: Mailbox) -> None:
    """Mail is read and rules are evaluated before the transaction that writes begins."""
    with mail_read_in_writes(client.store.database) as found:
        last = apply_next(client.store.database, client.user_id, 0)
    assert found == []
    assert [one.labels for one in analyses(client)] == [["news"], ["news"]]
    assert last == analyses(client)[-1].message_id


def test_a_message_has_so_many_applications_noted(
    client: Client, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often rules are given other names and applied: the newest are kept, of each message."""
    monkeypatch.setattr(rules, "MOST", 2)
    for name in "abcd":
        client.do("rules.put", rule=[{**NEWS, "name": name}])
        apply_next(client.store.database, client.user_id, 0)
    with client.store.database.read() as session:
        noted = session.execute(select(RuleApplication.message_id, RuleApplication.rule).order_by(RuleApplication.id))
        first, second = (one.message_id for one in analyses(client))
        assert [tuple(row) for row in noted] == [(first, "c"), (second, "c"), (first, "d"), (second, "d")]


@on_postgresql
def test_a_correction_that_is_made_meanwhile_wins(client: Client, box: Mailbox) -> None:
    """It is not committed when the rules are evaluated, and is when they are applied: the rest of the rule shows."""
    database = client.store.database
    first, _ = analyses(client)
    with ThreadPoolExecutor(2) as threads:
        with log_held(database, client.user_id):
            correcting = threads.submit(client.do, "messages.correct", id=first.message_id, category="receipt")
            wait_until(lambda: waiting(database) == 1)
            applying = threads.submit(apply_next, database, client.user_id, 0)
            wait_until(lambda: waiting(database) == 2)
        correcting.result()
        applying.result()
    assert [(one.category, one.labels) for one in analyses(client)] == [("receipt", ["news"]), ("newsletter", ["news"])]


@on_postgresql
def test_an_account_that_is_forgotten_meanwhile_is_left_alone(client: Client, box: Mailbox) -> None:
    """Its messages are there when the rules are evaluated, and are not when they are applied."""
    database = client.store.database
    last = analyses(client)[-1].message_id
    with ThreadPoolExecutor(2) as threads:
        with log_held(database, client.user_id):
            deleting = threads.submit(client.do, "accounts.delete", id=box.account_id)
            wait_until(lambda: waiting(database) == 1)
            applying = threads.submit(apply_next, database, client.user_id, 0)
            wait_until(lambda: waiting(database) == 2)
        deleting.result()
        assert applying.result() == last
    with database.read() as session:
        assert session.scalars(select(RuleApplication)).all() == []
