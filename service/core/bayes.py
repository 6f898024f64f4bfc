"""What the user's corrections teach: multinomial naive Bayes, every category against its best rival.

The likelihood of a message under a category is the product of its tokens' shares among all tokens there. How many
messages were filed under what does not matter: the user corrects what was wrong, not what is frequent. Tokens of one
message depend on each other, so that each counts only as `INDEPENDENCE` of an independent one.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.core.category import CATEGORIES, Category
from service.core.tokens import clarity, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

FEWEST = 5
"""Messages that must be filed under a category before there is an opinion of it; those with fewer are one rival."""
SMOOTHING = 0.02
"""Messages that every token is taken to be in beside those counted."""
VOCABULARY = 8000
"""How many different tokens there are taken to be; what a token that was never seen under a category is worth."""
INDEPENDENCE = 0.04
"""What one token among many counts, beside one that says the same independently."""
FARTHEST = 8.0
"""The farthest that an opinion goes, in nats of log-odds."""
MESSAGES, TOKENS = "", "#"
"""The rows that hold how many messages were filed, and how many tokens those have; `tokens` yields neither."""
TELLING = 5
"""Tokens told for each category."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages were filed under each category, and how many of those have each token at hand."""

    documents: Mapping[Category, int] = field(default_factory=dict)
    sizes: Mapping[Category, int] = field(default_factory=dict)
    """How many tokens those messages have together."""
    tokens: Mapping[str, Mapping[Category, int]] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str, str, int]]) -> Counts:
        """The counts in stored rows (token, category, count); `wanted` says which rows a message needs."""
        found: dict[str, dict[Category, int]] = {MESSAGES: {}, TOKENS: {}}
        for token, category, count in rows:
            if count > 0 and category in CATEGORIES:
                found.setdefault(token, {})[category] = count
        return cls(found.pop(MESSAGES), found.pop(TOKENS), found)

    @classmethod
    def of(cls, filed: Iterable[tuple[AbstractSet[str], Category]]) -> Counts:
        """The counts of these messages, each given by its tokens and the category that it was filed under."""
        sums: Counter[tuple[str, Category]] = Counter()
        for tokens, category in filed:
            for token, count in increments(tokens).items():
                sums[token, category] += count
        return cls.of_rows((token, category, count) for (token, category), count in sums.items())


def increments(tokens: AbstractSet[str]) -> dict[str, int]:
    """By how much each row of a category grows when a message with these tokens is filed under it, or shrinks again."""
    return dict.fromkeys(sorted(tokens), 1) | {MESSAGES: 1, TOKENS: len(tokens)}


def wanted(tokens: AbstractSet[str]) -> frozenset[str]:
    """The rows that `judge` needs for a message with these tokens."""
    return frozenset(tokens) | {MESSAGES, TOKENS}


@dataclass(frozen=True, slots=True)
class Telling:
    """A token that speaks for a category (`log_odds` above 0, in nats) or against it."""

    token: str
    log_odds: float
    filed: int
    """Messages with the token under the category."""
    elsewhere: int
    """Messages with the token under other categories."""

    def words(self, category: Category) -> str:
        """The observation as a person would say it."""
        if self.log_odds > 0:
            return f"you filed {_messages(self.filed)} with {describe(self.token)} under {category}"
        return f"you filed {_messages(self.elsewhere)} with {describe(self.token)} under something else than {category}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """Log-odds (nats) of each category that enough is known of, and what tells most, the most telling first."""

    log_odds: Mapping[Category, float] = field(default_factory=dict)
    telling: Mapping[Category, tuple[Telling, ...]] = field(default_factory=dict)


def judge(tokens: AbstractSet[str], counts: Counts) -> Opinion:
    """What the corrections say of a message with these tokens; an empty opinion while they are too few."""
    shelves = _shelves(counts)
    if len(shelves) < 2:
        return Opinion()
    known = sorted(token for token in tokens if any(counts.tokens.get(token, {}).values()))
    rows = [_row(counts.tokens[token], shelves) for token in known]
    sums = [math.fsum(row[place] for row in rows) for place in range(len(shelves))]
    log_odds: dict[Category, float] = {}
    telling: dict[Category, tuple[Telling, ...]] = {}
    for place, shelf in enumerate(shelves):
        if not shelf.category:
            continue
        rival = max((other for other in range(len(shelves)) if other != place), key=sums.__getitem__)
        opinion = INDEPENDENCE * (sums[place] - sums[rival])
        log_odds[shelf.category] = max(-FARTHEST, min(FARTHEST, opinion))
        telling[shelf.category] = _telling(
            shelf.category, counts, ((token, row[place] - row[rival]) for token, row in zip(known, rows, strict=True))
        )
    return Opinion(log_odds, telling)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What is compared: one category, or (`category` None) all that have too few messages to be compared alone."""

    category: Category | None
    of: tuple[Category, ...]
    documents: int
    size: int


def _shelves(counts: Counts) -> list[_Shelf]:
    filled = [category for category in CATEGORIES if counts.documents.get(category, 0) > 0]
    found = [_shelf(counts, (category,)) for category in filled if counts.documents[category] >= FEWEST]
    rest = _shelf(counts, tuple(category for category in filled if counts.documents[category] < FEWEST))
    return [*found, rest] if rest.documents >= FEWEST else found


def _shelf(counts: Counts, of: tuple[Category, ...]) -> _Shelf:
    documents = sum(counts.documents[category] for category in of)
    size = sum(max(counts.documents[category], counts.sizes.get(category, 0)) for category in of)
    return _Shelf(of[0] if documents >= FEWEST and len(of) == 1 else None, of, documents, size)


def _row(by_category: Mapping[Category, int], shelves: list[_Shelf]) -> list[float]:
    """The logarithm of a token's share of each shelf; counts that contradict the documents are bounded by them."""
    row = []
    for shelf in shelves:
        count = min(shelf.documents, max(0, sum(by_category.get(category, 0) for category in shelf.of)))
        row.append(math.log((count + SMOOTHING) / (shelf.size + SMOOTHING * VOCABULARY)))
    return row


def _telling(category: Category, counts: Counts, weighed: Iterable[tuple[str, float]]) -> tuple[Telling, ...]:
    found = []
    for token, log_odds in weighed:
        by_category = counts.tokens[token]
        filed = by_category.get(category, 0)
        if log_odds:
            found.append(Telling(token, log_odds, filed, sum(by_category.values()) - filed))
    found.sort(key=_how_telling)
    return tuple([one for one in found if one.filed and one.log_odds > 0][:TELLING]) + tuple(
        [one for one in found if one.elsewhere and one.log_odds < 0][:TELLING]
    )


def _how_telling(one: Telling) -> tuple[float, int, int, str]:
    strength = abs(one.log_odds) * math.log1p(one.filed + one.elsewhere)
    return -round(strength, 1), clarity(one.token), -len(one.token), one.token


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
