"""What a message wants done: each request with its sentence, and by when if it says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.asks import requests
from service.core.dates import mentions_in, sent_at
from service.core.sentences import sentences

if TYPE_CHECKING:
    from datetime import date, datetime

    from service.core.email import Email

MOST = 20
"""Actions that are kept."""
_TASK = re.compile(
    r"^[-*•–\d.)\s]{0,6}(?:\[ ?\]\s*"
    r"|(?:to-?do|action(?: items?)?|next steps?|aufgaben?|à faire|tareas?|da fare)\s*:\s*)(?=\w)",
    re.IGNORECASE,
)
_BY = re.compile(
    r"(?:by|until|before|due(?: on)?|no later than|bis(?: zum)?|spätestens|vor|avant|d'ici|antes del?"
    r"|entro)\W*(?:\w+ )?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Action:
    """A request in the writer's words, and the day or the moment by which it is due; None where it names none."""

    sentence: str
    due: date | datetime | None = None


def actions(email: Email) -> tuple[Action, ...]:
    """What the writer wants done, in the order of the text, each sentence once and at most `MOST`."""
    sent = sent_at(email)
    wanted = dict.fromkeys(one for one in sentences(email.body) if requests(one) or _TASK.match(one))
    return tuple(Action(sentence, _due(sentence, sent)) for sentence in list(wanted)[:MOST])


def _due(sentence: str, sent: datetime | None) -> date | datetime | None:
    """The first day that a word such as "by" stands before, else the first day at all."""
    found = mentions_in([sentence], sent)
    for mention in found:
        start = sentence.find(mention.words)
        if _BY.search(sentence[max(0, start - 24) : start]):
            return mention.when
    return found[0].when if found else None
