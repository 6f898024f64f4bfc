"""A summary in the message's own sentences: the one to three that say most, in their order."""

from __future__ import annotations

import re
from collections import Counter
from math import fsum, log1p
from typing import TYPE_CHECKING

from service.core.asks import asks
from service.core.dates import mentions_in, sent_at
from service.core.sentences import sentences

if TYPE_CHECKING:
    from datetime import datetime

    from service.core.email import Email

MOST = 3
"""Sentences."""
LENGTH = 400
"""Characters after which no sentence is added."""
CONSIDERED = 120
"""Sentences from the beginning that are weighed."""
ENOUGH = 0.7
"""The share of the best sentence's weight that another one needs."""

_WORD = re.compile(r"[^\W\d_]{4,}")
_NUMBER = re.compile(r"\d")
_POLITE = re.compile(
    r"^\W*(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|moin"
    r"|sehr geehrte[rs]?|bonjour|salut|cher|chère|madame|monsieur|hola|estimad[oa]|querid[oa]|buenos días|ciao"
    r"|gentile)\b"
    r"[^.!?]{0,60}[,!:.]?$"
    r"|(?:best|kind|warm)? ?(?:regards|wishes)|cheers|sincerely|yours"
    r"|thanks?(?: you)?(?: in advance)?[,.!]*$|sent from my"
    r"|(?:mit )?(?:freundlichen|besten|viele|liebe|herzliche|schöne) grüße?n?|cordialement|bien à vous|saludos"
    r"|cordiali"
    r"|i hope (?:this|you)|hope (?:this|you|all)|ich hoffe,? (?:es|ihnen|dir)|j'espère que)",
    re.IGNORECASE,
)


def summary(email: Email) -> str:
    """One to three sentences of the message; "" where nothing was written."""
    found = [one for one in sentences(email.body or email.text)[:CONSIDERED] if not _POLITE.match(one)]
    if not found:
        return ""
    frequency = Counter(word for one in found for word in set(_WORD.findall(one.casefold())))
    sent = sent_at(email)
    weights = [_weight(place, one, frequency, sent) for place, one in enumerate(found)]
    best = sorted(range(len(found)), key=lambda place: (-weights[place], place))
    chosen = [best[0]]
    for place in best[1:]:
        length = sum(len(found[other]) + 1 for other in chosen) + len(found[place])
        fresh = all(found[place] != found[other] for other in chosen)
        if len(chosen) < MOST and length <= LENGTH and fresh and weights[place] >= ENOUGH * weights[best[0]]:
            chosen.append(place)
    return " ".join(found[place] for place in sorted(chosen))


def _weight(place: int, sentence: str, frequency: Counter[str], sent: datetime | None) -> float:
    """The beginning, questions and requests, days, numbers, and words that come again."""
    words = set(_WORD.findall(sentence.casefold()))
    weight = 1.5 / (1 + 0.5 * place)
    weight += {"question": 1.5, "request": 1.3, None: 0.0}[asks(sentence)]
    weight += 0.8 if mentions_in([sentence], sent) else 0.3 if _NUMBER.search(sentence) else 0.0
    if words:
        weight += fsum(sorted(log1p(frequency[word] - 1) for word in words)) / len(words)
    return weight * min(1.0, len(sentence.split()) / 5)
