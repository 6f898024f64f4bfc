"""Whether the writer wants something of the reader: questions and requests, in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.asks import asks
from service.core.triage.evidence import quoted, says

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.triage.evidence import Case, Evidence


def question(case: Case) -> Iterator[Evidence]:
    """The writer asks: the reader when it came in, the recipient when the user sent it."""
    found = next((sentence for sentence in case.sentences if asks(sentence) == "question"), None)
    if found:
        yield from _wants(case, f"it asks: {quoted(found)}", 1.6)


def request(case: Case) -> Iterator[Evidence]:
    """The writer wants something done."""
    found = next((sentence for sentence in case.sentences if asks(sentence) == "request"), None)
    if found:
        yield from _wants(case, f"it requests: {quoted(found)}", 1.4)


def nothing_asked(case: Case) -> Iterator[Evidence]:
    """Neither a question nor a request."""
    if not any(asks(sentence) for sentence in case.sentences):
        yield from says("it asks nothing", fyi=0.5, needs_reply=-1.0, awaiting_reply=-2.0)


def _wants(case: Case, words: str, weight: float) -> Iterator[Evidence]:
    if case.mine:
        yield from says(words, awaiting_reply=weight)
    else:
        stranger = not case.context.exchanged and not case.context.answers_me
        yield from says(words, needs_reply=weight * (0.75 if stranger else 1.0))
