"""What a rule asks of a message; each condition says in words why it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from service.core.rules.glob import matches

if TYPE_CHECKING:
    from service.core.category import Category
    from service.core.email import Address, Email

Field = Literal["from", "to", "subject", "body", "list-id", "header"]
Comparison = Literal["contains", "equals", "matches"]

_SAID: dict[Field, str] = {
    "from": "its sender",
    "to": "a recipient",
    "subject": "its subject",
    "body": "its text",
    "list-id": "its List-Id",
}


@dataclass(frozen=True)
class Facts:
    """What rules judge: a message, the category it has so far, and the present."""

    email: Email
    category: Category
    now: datetime
    """With a time zone."""

    @cached_property
    def texts(self) -> dict[Field, tuple[str, ...]]:
        """What may be compared in each field, folded."""
        email = self.email
        return {
            "from": _addresses((email.sender,) if email.sender else ()),
            "to": _addresses((*email.to, *email.cc)),
            "subject": (email.subject.casefold(),),
            "body": (email.text.casefold(),),
            "list-id": self.header("list-id"),
        }

    def header(self, name: str) -> tuple[str, ...]:
        """The values of a header, folded."""
        return tuple(value.casefold() for value in self.email.headers.get(name, ()))


class Condition(Protocol):
    """A question with a yes or no."""

    def __str__(self) -> str:
        """The condition in words."""

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """Why it holds, in words; empty where it does not."""


@dataclass(frozen=True, slots=True)
class Text:
    """A field has one of these words, in upper or lower case; a header without words need only be there."""

    field: Field
    comparison: Comparison
    values: tuple[str, ...]
    header: str = ""
    """The header's name in lower case, where `field` is header."""

    def __str__(self) -> str:
        subject = _SAID.get(self.field) or f"its header {self.header}"
        if not self.values:
            return f"{subject} is there"
        return f"{subject} {self.comparison} {' or '.join(f'“{value}”' for value in self.values)}"

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """One of the words is in the field."""
        texts = facts.header(self.header) if self.field == "header" else facts.texts[self.field]
        if not self.values:
            return (str(self),) if texts else ()
        for value in self.values:
            if any(_compare(text, self.comparison, value.casefold()) for text in texts):
                return (str(Text(self.field, self.comparison, (value,), self.header)),)
        return ()


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """It has an attachment, or none."""

    wanted: bool

    def __str__(self) -> str:
        return "it has an attachment" if self.wanted else "it has no attachment"

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """Whether there is one."""
        return (str(self),) if bool(facts.email.attachments) is self.wanted else ()


@dataclass(frozen=True, slots=True)
class IsOf:
    """Its category is one of these: what triage said, or what a rule before this one set."""

    categories: tuple[Category, ...]

    def __str__(self) -> str:
        return f"its category is {' or '.join(self.categories)}"

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """One of them is its category so far."""
        return (f"its category is {facts.category}",) if facts.category in self.categories else ()


@dataclass(frozen=True, slots=True)
class OlderThan:
    """It was sent longer ago; without a date it is not."""

    age: timedelta
    words: str

    def __str__(self) -> str:
        return f"it is older than {self.words}"

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The present less the age is after the time at which it was sent."""
        sent = facts.email.sent
        if sent is None:
            return ()
        return (str(self),) if facts.now.astimezone(UTC) - sent > self.age else ()


@dataclass(frozen=True, slots=True)
class All:
    """Every one of them holds."""

    of: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_bracketed, self.of))

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The reasons of all."""
        found: list[str] = []
        for condition in self.of:
            words = condition.holds(facts)
            if not words:
                return ()
            found += words
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Any:
    """One of them holds; the first that does is the reason."""

    of: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(_bracketed, self.of))

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The reasons of the first that holds."""
        return next((words for words in (condition.holds(facts) for condition in self.of) if words), ())


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    of: Condition

    def __str__(self) -> str:
        return f"it is not so that {_bracketed(self.of)}"

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The condition itself is the reason."""
        return () if self.of.holds(facts) else (str(self),)


def _bracketed(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, All | Any) and len(condition.of) > 1 else str(condition)


def _compare(text: str, comparison: Comparison, value: str) -> bool:
    if comparison == "contains":
        return value in text
    return text == value if comparison == "equals" else matches(text, value)


def _addresses(of: tuple[Address, ...]) -> tuple[str, ...]:
    """Each as the bare address, as the name, and as both are written."""
    return tuple(
        text.casefold()
        for one in of
        for text in (one.address, one.name, f"{one.name} <{one.address}>" if one.name else "")
        if text
    )
