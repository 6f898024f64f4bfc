"""What the assistant makes of one message: triage, as plain values that the store can keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.triage import triage

if TYPE_CHECKING:
    from service.core.category import Verdict
    from service.core.email import Email
    from service.worker.contexts import Contexts


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result for one message."""

    verdict: Verdict


def judge(email: Email, contexts: Contexts) -> Judgement:
    """Judge a message, and count it for those that come after it."""
    verdict = triage(email, contexts.of(email))
    contexts.note(email)
    return Judgement(verdict)
