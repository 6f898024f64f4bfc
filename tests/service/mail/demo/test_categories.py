"""The demo and triage: a newcomer sees each mail under the category that it was written for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from service.core.category import Verdict
from service.core.mime import parse
from service.core.triage import Context, triage
from service.mail.demo.mailbox import ADDRESS, Mail, due, mails, moment

MADE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def judge() -> dict[str, Verdict]:
    """The verdict on each mail, by its file, as they arrive one after the other."""
    sent: Counter[str] = Counter()
    received: Counter[str] = Counter()
    mine: set[str] = set()
    verdicts = {}
    for number, mail in enumerate(mails()):
        date = moment(mail.at, MADE) if mail.at else due(number, MADE)
        email = parse(mail.raw(MADE, date))
        sender = email.sender.address if email.sender else ""
        answers_me = not mine.isdisjoint(email.in_reply_to)
        context = Context(frozenset({ADDRESS}), sent[sender], received[sender], answers_me)
        verdicts[mail.file] = triage(email, context)
        if sender == ADDRESS:
            mine.add(email.message_id)
            sent.update(person.address for person in (*email.to, *email.cc))
        received[sender] += 1
    return verdicts


VERDICTS = judge()


@pytest.mark.parametrize("mail", mails(), ids=lambda mail: mail.file)
def test_a_mail_has_the_category_that_it_was_written_for(mail: Mail) -> None:
    """Without any correction by the user, and with a reason that can be shown."""
    verdict = VERDICTS[mail.file]
    assert verdict.category == mail.category, verdict.reasons
    assert verdict.reasons[0].words
