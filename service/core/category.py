"""The categories of triage, and a verdict with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Category = Literal[
    "needs-reply", "awaiting-reply", "calendar", "receipt", "notification", "newsletter", "marketing", "spam", "fyi"
]
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence, in words that a person understands, and how much it weighs for the verdict (-1 to 1)."""

    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is, how sure that is (0 to 1), and why: the weightiest reason first, never empty."""

    category: Category
    score: float
    reasons: tuple[Reason, ...]
