"""Rules back into plain data, JSON or TOML: what `reading` reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from service.core.rules.conditions import All, HasAttachment, IsOf, Not, OlderThan, Text
from service.core.rules.conditions import Any as AnyOf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.core.rules.conditions import Condition
    from service.core.rules.rule import Effects, Rule


def definition(rule: Rule) -> dict[str, Any]:
    """A rule as plain data, for a store."""
    return {"name": rule.name, "when": _condition(rule.when), "then": effects(rule.then)}


def to_json(rules: Iterable[Rule]) -> str:
    """The rules as a JSON text."""
    return json.dumps({"rule": [definition(rule) for rule in rules]}, ensure_ascii=False, indent=2)


def to_toml(rules: Iterable[Rule]) -> str:
    """The rules as a TOML text, each condition and effect on one line."""
    blocks = []
    for rule in rules:
        lines = [f"{name} = {_toml(value)}" for name, value in definition(rule).items()]
        blocks.append("\n".join(["[[rule]]", *lines]))
    return "\n\n".join(blocks) + "\n"


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Text(field="header"):
            words = {condition.comparison: _one_or_all(condition.values)} if condition.values else {}
            return {"header": {"name": condition.header, **words}}
        case Text():
            return {condition.field: {condition.comparison: _one_or_all(condition.values)}}
        case HasAttachment():
            return {"has-attachment": condition.wanted}
        case IsOf():
            return {"category": _one_or_all(condition.categories)}
        case OlderThan():
            return {"older-than": condition.words}
        case All():
            return {"all": [_condition(one) for one in condition.of]}
        case AnyOf():
            return {"any": [_condition(one) for one in condition.of]}
        case Not():
            return {"not": _condition(condition.of)}
    raise TypeError(f"{condition!r} is no condition")


def effects(then: Effects) -> dict[str, Any]:
    """What a rule does, as plain data."""
    found = {
        "category": then.category,
        "label": _one_or_all(then.labels) if then.labels else None,
        "priority": then.priority,
        "hide": then.hide,
        "pin": then.pin,
        "skip-draft": then.skip_draft,
        "stop": then.stop,
    }
    return {name: value for name, value in found.items() if value} or {"stop": False}


def _one_or_all(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(one)}' for name, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)  # strings are printable, so that JSON's quoting is TOML's
