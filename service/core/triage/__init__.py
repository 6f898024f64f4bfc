"""Triage: what a message is, how sure that is, and why.

Every piece of evidence is a small function of a case (message and context) that yields log-odds for categories, with
the reason in words. They are added to where each category stands without evidence, as naive Bayes adds them, and the
shares of the sums (softmax) are the scores; the highest wins, the first of `CATEGORIES` when two are equal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from service.core.category import CATEGORIES, Category, Reason, Verdict
from service.core.triage import (
    authentication,
    automatic,
    calendar,
    content,
    corrections,
    deception,
    lists,
    origin,
    path,
    people,
    receipts,
    requests,
)
from service.core.triage.evidence import Case, Context, Evidence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.core.email import Email

__all__ = ["Context", "triage"]

START: dict[Category, float] = {
    "needs-reply": -0.3,
    "awaiting-reply": -4.0,
    "calendar": -2.0,
    "receipt": -2.0,
    "notification": -1.0,
    "newsletter": -1.0,
    "marketing": -1.5,
    "spam": -2.25,
    "fyi": 0.5,
}
"""Log-odds of each category before any evidence."""
CAP = 6.0
"""The most that one observation counts, in nats."""

OBSERVERS: tuple[Callable[[Case], Iterator[Evidence]], ...] = (
    people.sent_by_the_user,
    people.answer_to_the_user,
    people.known_correspondent,
    people.thread,
    people.place_among_the_recipients,
    lists.list_identity,
    lists.unsubscribe,
    lists.precedence,
    lists.bulk_mailer,
    lists.issue,
    lists.offer,
    automatic.auto_submitted,
    automatic.wants_no_automatic_answer,
    automatic.bounce,
    automatic.sender_reads_nothing,
    automatic.news_of_a_program,
    calendar.calendar_part,
    calendar.invitation,
    receipts.receipt,
    requests.question,
    requests.request,
    requests.nothing_asked,
    authentication.authentication,
    deception.name_contains_an_address,
    deception.answers_go_elsewhere,
    deception.links_lead_elsewhere,
    deception.links_hide_their_host,
    deception.program_attached,
    origin.message_id,
    origin.identity_added_here,
    origin.random_sender,
    origin.no_sender,
    origin.from_the_recipient,
    origin.meaningless_subject,
    origin.answer_to_nothing,
    origin.crowd,
    origin.raw_characters,
    origin.mailer_without_a_name,
    path.wrong_clock,
    path.server_calls_itself_otherwise,
    path.server_without_a_name,
    path.provider_did_not_send_it,
    path.domain_sent_it,
    content.marked_as_advertisement,
    content.topic,
    content.pressure,
    content.large_sums,
    content.shouting,
    content.only_html,
    content.only_pictures,
    corrections.learned,
)


def triage(email: Email, context: Context) -> Verdict:
    """The verdict on a message; the same for the same message and context, always."""
    case = Case(email, context)
    evidence = [one for observe in OBSERVERS for one in observe(case)]
    sums = dict(START)
    for one in evidence:
        sums[one.category] += max(-CAP, min(CAP, one.log_odds))
    category = max(CATEGORIES, key=lambda name: sums[name])
    highest = sums[category]
    score = 1 / math.fsum(math.exp(value - highest) for value in sums.values())
    return Verdict(category, score, _reasons(category, evidence))


def _reasons(category: Category, evidence: list[Evidence]) -> tuple[Reason, ...]:
    """What spoke for and against the category, the weightiest first."""
    spoke = [Reason(one.words, math.tanh(one.log_odds / 2)) for one in evidence if one.category == category]
    spoke = [reason for reason in spoke if reason.weight]
    spoke.sort(key=lambda reason: -abs(reason.weight))
    return tuple(spoke) or (Reason("nothing points to anything else", 0.0),)
