"""Rules as text or plain data, read with every problem told at once.

    [[rule]]
    name = "Builds"
    when = { from = "*@ci.example", subject = ["failed", "broken"] }
    then = { category = "notification", label = "builds", stop = true }

In `when` all must hold. A text is looked for (`contains`) as a string, one of several as a list, or otherwise as a
table: { equals = … } or { matches = "*@example.org" }, where * is any characters. A * in a string means `matches` too.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from service.core.category import CATEGORIES
from service.core.rules.conditions import All, Comparison, Field, HasAttachment, IsOf, Not, OlderThan, Text
from service.core.rules.conditions import Any as AnyOf
from service.core.rules.problems import Place, RulesError
from service.core.rules.rule import Effects, Priority, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.core.category import Category
    from service.core.rules.conditions import Condition

Format = Literal["toml", "json"]

SIZE = 200_000
"""Characters of a text with rules."""
MOST = 200
"""Rules, and conditions in one place."""
DEEPEST = 5
"""Levels of all, any and not."""
LONGEST = 500
"""Characters of one value."""

_TEXTS: tuple[Field, ...] = ("from", "to", "subject", "body", "list-id")
_CONDITIONS = (*_TEXTS, "header", "category", "has-attachment", "older-than", "all", "any", "not")
_COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
_SWITCHES = ("hide", "pin", "skip-draft", "stop")
_EFFECTS = ("category", "label", "priority", *_SWITCHES)
_AGE = re.compile(r"([1-9]\d{0,4}) (hour|day|week)s?")
_UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_HEADER = re.compile(r"[!-9;-~]{1,100}")


def parse_rules(text: str, format: Format) -> tuple[Rule, ...]:  # noqa: A002  (the word for it)
    """The rules in a TOML text with `[[rule]]` tables, or in JSON: {"rule": […]}. Raises `RulesError`."""
    if len(text) > SIZE:
        raise RulesError([f"the rules have {len(text)} characters: at most {SIZE} are accepted"])
    try:
        data = tomllib.loads(text) if format == "toml" else json.loads(text, object_pairs_hook=_unique)
    except RulesError:
        raise
    except RecursionError:
        raise RulesError([f"the rules are nested too deeply: at most {DEEPEST} levels are accepted"]) from None
    except ValueError as error:
        raise RulesError([f"the rules are not {format.upper()}: {error}"]) from None
    top = Place("the rules")
    rules = data.get("rule", []) if top.knows(data, ["rule"]) else []
    if not isinstance(rules, list):
        top.at("rule").rejects(rules, "a list of tables")
        rules = []
    return _read(rules, top.problems)


def read_rules(definitions: Iterable[Any]) -> tuple[Rule, ...]:
    """The rules in plain data, as `definition` gives them. Raises `RulesError`."""
    return _read(list(definitions), [])


def _read(definitions: list[Any], problems: list[str]) -> tuple[Rule, ...]:
    if len(definitions) > MOST:
        problems.append(f"there are {len(definitions)} rules: at most {MOST} are accepted")
    rules = [_rule(definition, number, problems) for number, definition in enumerate(definitions[:MOST], 1)]
    first: dict[str, int] = {}
    for number, rule in enumerate(rules, 1):
        if rule and first.setdefault(rule.name, number) != number:
            problems.append(f"rule {number}: its name {rule.name!r} is that of rule {first[rule.name]} too")
    if problems:
        raise RulesError(problems)
    return tuple(rule for rule in rules if rule)


def _rule(definition: Any, number: int, problems: list[str]) -> Rule | None:
    place = Place(f"rule {number}", problems)
    if not place.knows(definition, ["name", "when", "then"]):
        return None
    name = _string(definition.get("name"), place.at("name"), "a name of 1 to 100 characters", longest=100)
    if name:
        place = Place(f"rule {number} {name!r}", problems)
    when = _all(definition.get("when"), place.at("when"), 1)
    then = _effects(definition.get("then"), place.at("then"))
    return Rule(name, when, then) if name and when and then else None


def _all(table: Any, place: Place, level: int) -> Condition | None:
    """A table of conditions, all of which must hold."""
    if table is None:
        place.lacks(f"a table with {', '.join(_CONDITIONS)}")
        return None
    if not place.knows(table, _CONDITIONS):
        return None
    known = {name: value for name, value in table.items() if name in _CONDITIONS}
    if not known:
        place.rejects(table, f"at least one of {', '.join(_CONDITIONS)}")
        return None
    found = [_condition(name, value, place.at(name), level) for name, value in known.items()]
    conditions = tuple(condition for condition in found if condition)
    if len(conditions) < len(found):
        return None
    return conditions[0] if len(conditions) == 1 else All(conditions)


def _condition(name: str, value: Any, place: Place, level: int) -> Condition | None:
    match name:
        case "from" | "to" | "subject" | "body" | "list-id":
            return _text(name, value, place)
        case "header":
            return _header(value, place)
        case "category":
            categories = _categories(value, place)
            return IsOf(categories) if categories else None
        case "has-attachment":
            return _switch(value, place)
        case "older-than":
            return _age(value, place)
        case _:
            return _nested(name, value, place, level)


def _switch(value: Any, place: Place) -> Condition | None:
    if isinstance(value, bool):
        return HasAttachment(value)
    place.rejects(value, "true or false")
    return None


def _nested(name: str, value: Any, place: Place, level: int) -> Condition | None:
    if level >= DEEPEST:
        place.rejects(name, f"at most {DEEPEST} levels of all, any and not")
        return None
    if name == "not":
        condition = _all(value, place, level + 1)
        return Not(condition) if condition else None
    if not isinstance(value, list) or not 1 <= len(value) <= MOST:
        place.rejects(value, f"a list of 1 to {MOST} tables with conditions")
        return None
    found = [_all(one, place.at(str(number)), level + 1) for number, one in enumerate(value, 1)]
    conditions = tuple(condition for condition in found if condition)
    if len(conditions) < len(found):
        return None
    return All(conditions) if name == "all" else AnyOf(conditions)


def _text(field: Field, value: Any, place: Place, header: str = "") -> Condition | None:
    if isinstance(value, dict):
        if not place.knows(value, _COMPARISONS):
            return None
        given = [name for name in _COMPARISONS if name in value]
        if len(given) != 1:
            place.rejects(value, f"one of {', '.join(_COMPARISONS)}")
            return None
        values = _strings(value[given[0]], place.at(given[0]))
        return Text(field, given[0], values, header) if values else None
    values = _strings(value, place)
    if not values:
        return None
    comparison: Comparison = "matches" if any("*" in one for one in values) else "contains"
    if comparison == "matches" and not all("*" in one for one in values):
        place.rejects(value, "either words to look for, or patterns that all have a *")
        return None
    return Text(field, comparison, values, header)


def _header(value: Any, place: Place) -> Condition | None:
    if not place.knows(value, ["name", *_COMPARISONS]):
        return None
    name = _string(value.get("name"), place.at("name"), "the name of a header, such as X-Priority", longest=100)
    if name and not _HEADER.fullmatch(name):
        place.at("name").rejects(name, "the name of a header, such as X-Priority")
        return None
    rest = {key: words for key, words in value.items() if key in _COMPARISONS}
    if not name:
        return None
    return _text("header", rest, place, name.casefold()) if rest else Text("header", "contains", (), name.casefold())


def _categories(value: Any, place: Place) -> tuple[Category, ...]:
    values = value if isinstance(value, list) and value else [value]
    found = tuple(category for category in CATEGORIES if category in values)
    for one in values:
        if one not in CATEGORIES:
            place.rejects(one, f"one of {', '.join(CATEGORIES)}")
    return found if all(one in CATEGORIES for one in values) else ()


def _age(value: Any, place: Place) -> Condition | None:
    found = _AGE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        place.rejects(value, "a number of hours, days or weeks, such as '30 days'")
        return None
    return OlderThan(int(found[1]) * _UNITS[found[2]], value)


def _effects(table: Any, place: Place) -> Effects | None:
    if table is None:
        place.lacks(f"a table with {', '.join(_EFFECTS)}")
        return None
    if not place.knows(table, _EFFECTS):
        return None
    before = len(place.problems)
    if not any(name in table for name in _EFFECTS):
        place.rejects(table, f"at least one of {', '.join(_EFFECTS)}")
        return None
    category = table.get("category")
    if category is not None and category not in CATEGORIES:
        place.at("category").rejects(category, f"one of {', '.join(CATEGORIES)}")
    priority = table.get("priority")
    if priority is not None and priority not in get_args(Priority):
        place.at("priority").rejects(priority, f"one of {', '.join(get_args(Priority))}")
    labels = _strings(table["label"], place.at("label"), longest=100) if "label" in table else ()
    for name in _SWITCHES:
        if not isinstance(table.get(name, False), bool):
            place.at(name).rejects(table[name], "true or false")
    if len(place.problems) > before:
        return None
    switches = {name.replace("-", "_"): table.get(name, False) for name in _SWITCHES}
    return Effects(category, labels, priority=priority, **switches)


def _strings(value: Any, place: Place, longest: int = LONGEST) -> tuple[str, ...]:
    """One string, or a list of them; empty when that is a problem, which is told."""
    values = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MOST:
        place.rejects(value, f"1 to {MOST} strings")
        return ()
    found = [_string(one, place, f"a string of 1 to {longest} characters", longest) for one in values]
    return tuple(dict.fromkeys(found)) if all(found) else ()


def _string(value: Any, place: Place, accepted: str, longest: int) -> str:
    if value is None:
        place.lacks(accepted)
    elif not isinstance(value, str) or not 1 <= len(value.strip()) <= longest or not value.isprintable():
        place.rejects(value, accepted)
    else:
        return value.strip()
    return ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a name that stands in it twice is an error, as it is in TOML."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RulesError([f"the rules are not usable: {twice[:60]!r} stands twice in one object"])
    return found
