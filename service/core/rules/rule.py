"""A rule: its name, what it asks of a message, and what it does then.

A rule changes how the assistant shows a message, and nothing else: nothing is sent, deleted, or changed on the server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.core.category import Category
    from service.core.rules.conditions import Condition, Facts

Priority = Literal["high", "normal", "low"]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a rule does to what the assistant shows."""

    category: Category | None = None
    labels: tuple[str, ...] = ()
    hide: bool = False
    """Not shown in the inbox; the message stays where it is."""
    pin: bool = False
    priority: Priority | None = None
    skip_draft: bool = False
    stop: bool = False
    """No rule after this one is looked at."""

    def then(self, later: Effects) -> Effects:
        """Both, the later one deciding where only one value can be."""
        return Effects(
            category=later.category or self.category,
            labels=tuple(dict.fromkeys(self.labels + later.labels)),
            hide=self.hide or later.hide,
            pin=self.pin or later.pin,
            priority=later.priority or self.priority,
            skip_draft=self.skip_draft or later.skip_draft,
            stop=self.stop or later.stop,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """When the condition holds, the effects come about."""

    name: str
    when: Condition
    then: Effects


@dataclass(frozen=True, slots=True)
class Application:
    """That a rule held for a message, why, and what it did."""

    rule: str
    because: tuple[str, ...]
    effects: Effects


def evaluate(rules: Iterable[Rule], facts: Facts) -> tuple[Application, ...]:
    """The rules that hold, in their order; a category that one sets is what the next one sees, and `stop` ends."""
    found = []
    for rule in rules:
        because = rule.when.holds(facts)
        if not because:
            continue
        found.append(Application(rule.name, because, rule.then))
        if rule.then.category:
            facts = replace(facts, category=rule.then.category)
        if rule.then.stop:
            break
    return tuple(found)


def combined(applications: Iterable[Application]) -> Effects:
    """What all of them do together."""
    effects = Effects()
    for application in applications:
        effects = effects.then(application.effects)
    return effects
