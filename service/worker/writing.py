"""Writes down what the assistant made of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store import events, rules
from service.store.tables import Analysis, Draft
from service.worker import ruling

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.core import draft
    from service.store.tables import Message
    from service.worker.judgement import Judgement


def write(session: Session, message: Message, judgement: Judgement, now: datetime) -> events.New:
    """Write down the judgement of a message; returns the event that tells it."""
    analysis = _analysis(message, judgement)
    rules.show(analysis, judgement.applications, None)
    session.add(analysis)
    if judgement.applications:
        rules.audit(session, analysis, judgement.applications, now)
    if judgement.draft is not None:
        session.add(_draft(message, judgement.draft, now))
    told = ruling.shown(analysis) | {
        "score": round(analysis.score, 3),
        "reason": analysis.reasons[0]["words"],
        "summary": analysis.summary,
        "draft": judgement.draft is not None,
    }
    return events.New("message.understood", told, message.account_id)


def _analysis(message: Message, judgement: Judgement) -> Analysis:
    verdict = judgement.verdict
    return Analysis(
        message_id=message.id,
        user_id=message.user_id,
        category=verdict.category,
        triaged=verdict.category,
        score=verdict.score,
        reasons=[{"words": reason.words, "weight": reason.weight} for reason in verdict.reasons],
        summary=judgement.summary,
        actions=[
            {"sentence": action.sentence, "due": action.due.isoformat() if action.due else None}
            for action in judgement.actions
        ],
        dates=[
            {"words": date.words, "sentence": date.sentence, "at": date.when.isoformat()} for date in judgement.dates
        ],
        labels=[],
    )


def _draft(message: Message, proposed: draft.Draft, now: datetime) -> Draft:
    return Draft(
        user_id=message.user_id,
        message_id=message.id,
        subject=proposed.subject,
        to=[{"name": person.name, "address": person.address} for person in proposed.to],
        text=proposed.body,
        in_reply_to=proposed.in_reply_to,
        references=list(proposed.references),
        updated_at=now,
    )
