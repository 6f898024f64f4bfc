"""What the user's own corrections say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.bayes import judge
from service.core.tokens import tokens
from service.core.triage.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case

SHOWN = 3
"""Tokens that are told as reasons; they share the whole opinion's weight."""


def learned(case: Case) -> Iterator[Evidence]:
    """The opinion of the corrections on each category, told by its most telling tokens."""
    if case.context.learned is None:
        return
    opinion = judge(tokens(case.email), case.context.learned)
    for category, log_odds in opinion.log_odds.items():
        agreeing = [one for one in opinion.telling[category] if (one.log_odds > 0) == (log_odds > 0)][:SHOWN]
        for one in agreeing:
            yield Evidence(category, log_odds / len(agreeing), one.words(category))
