"""A user's rules as they are stored, and what they did."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from service.core.rules import RulesError, combined, read_rules
from service.core.rules.reading import MOST
from service.store.tables import Rule, RuleApplication

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.core import rules
    from service.store.tables import Analysis

log = logging.getLogger("service.store")


def enabled(session: Session, user_id: int) -> tuple[rules.Rule, ...]:
    """The rules in force, in their order; none where they cannot be read, which was checked when they were stored."""
    stored = (
        select(Rule.definition).where(Rule.user_id == user_id, Rule.enabled.is_(True)).order_by(Rule.position, Rule.id)
    )
    try:
        return read_rules(session.scalars(stored))
    except RulesError as error:
        log.error("the rules of user %d are not used: %d problems", user_id, len(error.problems))
        return ()


def show(analysis: Analysis, applications: Sequence[rules.Application], corrected: str | None) -> bool:
    """Have an analysis show what the rules did; returns whether that is something new. A correction outdoes a rule."""
    effects = combined(applications)
    shown = {
        "category": corrected or effects.category or analysis.triaged,
        "labels": list(effects.labels),
        "hidden": effects.hide,
        "pinned": effects.pin,
        "priority": effects.priority or "normal",
    }
    before = {name: getattr(analysis, name) for name in shown}
    for name, value in shown.items():
        setattr(analysis, name, value)
    return before != shown


def audit(session: Session, analysis: Analysis, applications: Sequence[rules.Application], at: datetime) -> None:
    """Note each application, once for the same rule, reason and effects on a message; it has the newest `MOST`."""
    told = select(RuleApplication.rule, RuleApplication.because, RuleApplication.actions)
    known = [tuple(row) for row in session.execute(told.where(RuleApplication.message_id == analysis.message_id))]
    count = len(known)
    for application in applications:
        row = (application.rule, "; ".join(application.because), _actions(application.effects))
        if row not in known:
            count += 1
            session.add(
                RuleApplication(
                    user_id=analysis.user_id, message_id=analysis.message_id, rule=row[0], because=row[1],
                    actions=row[2], at=at,
                )
            )  # fmt: skip
    if count > MOST:
        session.flush()
        noted = select(RuleApplication.id).where(RuleApplication.message_id == analysis.message_id)
        forgotten = noted.order_by(RuleApplication.id.desc()).offset(MOST)
        session.execute(delete(RuleApplication).where(RuleApplication.id.in_(forgotten)))


def _actions(effects: rules.Effects) -> list[Any]:
    """The effects in words."""
    words = {
        "category": effects.category and f"file under {effects.category}",
        "labels": effects.labels and f"label {', '.join(effects.labels)}",
        "hide": effects.hide and "hide",
        "pin": effects.pin and "pin",
        "priority": effects.priority and f"priority {effects.priority}",
        "skip_draft": effects.skip_draft and "no draft",
        "stop": effects.stop and "stop",
    }
    return [said for said in words.values() if said]
