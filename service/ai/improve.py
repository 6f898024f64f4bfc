"""Improves the summary and the draft of a stored message with the model; what cannot be improved stands."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.ai.answer import NoAnswer, Refused
from service.ai.prompt import READ
from service.core.quotes import split_quotes
from service.metrics import MODEL_ANSWERS
from service.store import events
from service.store.tables import Analysis, Draft, Message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.ai.answer import Answer
    from service.settings import Settings
    from service.store.database import Database
    from service.store.opened import Store

log = logging.getLogger("service.worker")

PAUSE = 1.0
"""Seconds before a second attempt; before the third one it is twice that."""
RULES = "rules"
MODEL = "model"


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a message and may have changed when the answer comes."""

    category: str
    summary: str
    draft: tuple[int, str, str, datetime] | None
    """Id, text, subject and last change of a draft that may be improved; None where there is none."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A message that is to be improved."""

    user_id: int
    mail: str
    names: tuple[str, ...]
    state: _State


def improve(store: Store, settings: Settings, message_id: int, pause: float = PAUSE) -> str:
    """Have the model improve a message's summary and draft; returns what came of it, in words.

    Doing it again changes nothing more. What a user has corrected or edited meanwhile is left alone. When the model
    gives nothing usable, `Analysis.note` says why. Raises the database's errors.
    """
    if settings.ai_base_url is None:
        return "there is no model"
    with store.database.read() as session:
        task = _task(session, message_id)
    if task is None:
        return "there is nothing to improve"
    from service.ai.asking import Questioner  # with an HTTP client, which takes 200 ms of the boot

    questioner = Questioner(store.database, settings, task.user_id, pause)
    try:
        answer = questioner.ask(task.mail, task.names, with_draft=task.state.draft is not None)
    except (NoAnswer, Refused) as error:
        outcome = "refused" if isinstance(error, Refused) else "none"
        MODEL_ANSWERS.labels(outcome).inc()
        log.info("message %d is not improved: %s", message_id, error)
        _note(store.database, message_id, f"The model was asked, and {error}: this is the assistant's own work.")
        return f"not improved: {error}"
    improved = _keep(store.database, message_id, task.state, answer)
    MODEL_ANSWERS.labels("used" if improved else "late").inc()
    return "improved" if improved else "left as it is: it was changed meanwhile"


def _task(session: Session, message_id: int) -> _Task | None:
    message, analysis = session.get(Message, message_id), session.get(Analysis, message_id)
    if message is None or analysis is None or analysis.source != RULES or analysis.category == "spam":
        return None
    text = split_quotes(message.text).body or message.text
    if not text.strip():
        return None
    sender = f"{message.sender_name} <{message.sender}>".strip()
    mail = f"From: {sender}\nSubject: {message.subject}\n\n{text}"[:READ]
    names = (message.sender_name, *(person["name"] for person in message.recipients))
    return _Task(message.user_id, mail, names, _state(session, analysis))


def _state(session: Session, analysis: Analysis, *, lock: bool = False) -> _State:
    wanted = select(Draft).where(Draft.message_id == analysis.message_id)
    draft = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    mine = draft is not None and (draft.state, draft.source) == ("proposed", RULES)
    kept = (draft.id, draft.text, draft.subject, draft.updated_at) if draft is not None and mine else None
    return _State(analysis.category, analysis.summary, kept)


def _keep(database: Database, message_id: int, before: _State, answer: Answer) -> bool:
    with database.write() as session:
        analysis = session.get(Analysis, message_id, with_for_update=True)
        if analysis is None or analysis.source != RULES or _state(session, analysis, lock=True) != before:
            return False
        analysis.summary, analysis.source, analysis.note = answer.summary, MODEL, ""
        has_draft = before.draft is not None and bool(answer.draft)
        if before.draft is not None and has_draft:
            draft = session.get_one(Draft, before.draft[0])
            draft.text, draft.source, draft.updated_at = answer.draft, MODEL, datetime.now(UTC)
        account_id = session.scalars(select(Message.account_id).where(Message.id == message_id)).one()
        told = {"message_id": message_id, "draft": has_draft}
        events.append(session, analysis.user_id, events.New("message.improved", told, account_id))
    return True


def _note(database: Database, message_id: int, note: str) -> None:
    with database.write() as session:
        analysis = session.get(Analysis, message_id, with_for_update=True)
        if analysis is not None and analysis.source == RULES:
            analysis.note = note
