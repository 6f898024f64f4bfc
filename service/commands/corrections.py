"""The user says what a message is, and the assistant learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import select

from service.commands.command import Command, Done, Refused
from service.core.bayes import increments
from service.core.category import Category
from service.core.rules import Facts, evaluate
from service.core.tokens import tokens
from service.inputs import Id, Input
from service.store import rules
from service.store.database import one_at_a_time
from service.store.events import New
from service.store.reading import stored_email
from service.store.tables import Analysis, Correction, Learned, Message
from service.views import CorrectionView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from service.commands.command import Work
    from service.core.email import Email


class Correct(Input):
    """Which message, and what it is."""

    id: Id
    category: Category


class One(Input):
    """Which message."""

    id: Id


@dataclass(frozen=True, slots=True)
class Read:
    """A message, and what is learned from it."""

    email: Email
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of a message that is read: nobody else changes it until the commit."""

    read: Read
    account_id: int
    analysis: Analysis
    correction: Correction | None


def read(session: Session, given: Correct | One) -> Read | None:
    """Read the message; None when it is not there."""
    email = stored_email(session, given.id)
    return None if email is None else Read(email, increments(tokens(email)))


def correct(work: Work, given: Correct) -> Done[CorrectionView]:
    """Note what a message is, show it so at once, and have the next ones judged by it."""
    found = _find(work, given.id)
    analysis, known = found.analysis, found.correction
    if known is None:
        known = Correction(user_id=work.user_id, message_id=given.id, was=analysis.category, category="", at=work.now)
        work.session.add(known)
    if known.category != given.category:
        _unlearn(work, known.category, found.read.counts)
        _learn(work, given.category, found.read.counts)
    known.category, known.at = given.category, work.now
    analysis.category = given.category
    work.session.flush()
    return _done(found, CorrectionView.model_validate(known), given.category)


def uncorrect(work: Work, given: One) -> Done[CorrectionView]:
    """Take a correction back: the message is again what rules and triage say, and nothing was learned from it."""
    found = _find(work, given.id)
    analysis, known = found.analysis, found.correction
    if known is None:
        raise Refused(404, f"message {given.id} was not corrected")
    shown = CorrectionView.model_validate(known)
    _unlearn(work, known.category, found.read.counts)
    work.session.delete(known)
    triaged = next(category for category in get_args(Category) if category == analysis.triaged)
    applications = evaluate(rules.enabled(work.session, work.user_id), Facts(found.read.email, triaged, work.now))
    rules.show(analysis, applications, None)
    return _done(found, shown, analysis.category)


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("messages.correct", "Say what a message is", Correct, CorrectionView, correct, prepare=read),
    Command("messages.uncorrect", "Take a correction back", One, CorrectionView, uncorrect, prepare=read),
)


def _find(work: Work, message_id: int) -> _Found:
    one_at_a_time(work.session, work.user_id)  # or two corrections could count the same word as one
    account_id = work.session.scalar(select(Message.account_id).where(Message.id == message_id))
    if account_id is None or work.prepared is None:
        raise Refused(404, f"there is no message {message_id}")
    analysis = work.session.get(Analysis, message_id, with_for_update=True)
    if analysis is None:
        raise Refused(409, f"message {message_id} is not understood yet: correct it when it is")
    known = work.session.scalar(select(Correction).where(Correction.message_id == message_id))
    return _Found(work.prepared, account_id, analysis, known)


def _learn(work: Work, category: str, counts: Mapping[str, int]) -> None:
    known = _rows(work, category, counts)
    for token, count in counts.items():
        if token in known:
            known[token].count += count
        else:
            work.session.add(Learned(user_id=work.user_id, token=token, category=category, count=count))
    work.session.flush()


def _unlearn(work: Work, category: str, counts: Mapping[str, int]) -> None:
    for token, row in _rows(work, category, counts).items():
        row.count -= counts[token]
        if row.count <= 0:
            work.session.delete(row)
    work.session.flush()


def _rows(work: Work, category: str, counts: Mapping[str, int]) -> dict[str, Learned]:
    rows = select(Learned).where(Learned.category == category, Learned.token.in_(counts))
    return {row.token: row for row in work.session.scalars(rows)}


def _done(found: _Found, shown: CorrectionView, category: str) -> Done[CorrectionView]:
    ids = {"message_id": shown.message_id, "category": category}
    return Done(shown, (New("message.corrected", {**ids, "was": shown.was}, found.account_id),), ids)
