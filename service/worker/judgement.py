"""What the assistant makes of one message: triage, rules, summary, requests, dates and a draft, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.actions import actions
from service.core.dates import mentions
from service.core.draft import propose
from service.core.rules import Facts, combined, evaluate
from service.core.summary import summary
from service.core.triage import triage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from service.core.actions import Action
    from service.core.category import Verdict
    from service.core.dates import Mention
    from service.core.draft import Draft
    from service.core.email import Email
    from service.core.rules import Application, Rule
    from service.worker.contexts import Contexts


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result for one message."""

    verdict: Verdict
    applications: tuple[Application, ...]
    summary: str
    actions: tuple[Action, ...]
    dates: tuple[Mention, ...]
    draft: Draft | None


def judge(email: Email, contexts: Contexts, rules: Sequence[Rule], now: datetime) -> Judgement:
    """Judge a message, and count it for those that come after it."""
    context = contexts.of(email)
    verdict = triage(email, context)
    applications = evaluate(rules, Facts(email, verdict.category, now))
    wanted, dates = actions(email), mentions(email)
    skip = combined(applications).skip_draft
    draft = None if skip else propose(email, verdict, wanted, dates, context.own_addresses)
    contexts.note(email)
    return Judgement(verdict, applications, summary(email), wanted, dates, draft)
