"""Rules as text: what is accepted, and what is said about the rest."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.category import CATEGORIES
from service.core.rules import Effects, Rule, RulesError, definition, parse_rules, read_rules, to_json, to_toml
from service.core.rules.conditions import All, HasAttachment, IsOf, Not, OlderThan, Text
from service.core.rules.conditions import Any as AnyOf

TOML = """
[[rule]]
name = "Builds"
when = { from = "*@ci.example", subject = ["failed", "broken"] }
then = { category = "notification", label = "builds", hide = true, stop = true }

[[rule]]
name = "Old invoices"

[rule.when]
category = "receipt"
older-than = "30 days"
has-attachment = true
any = [{ body = { contains = "invoice" } }, { header = { name = "X-Shop" } }]
not = { to = { equals = "rosa@home.example" } }

[rule.then]
priority = "low"
pin = true
skip-draft = true
"""


def problems(text: str, form: Any = "toml") -> tuple[str, ...]:
    """What is wrong with these rules."""
    with pytest.raises(RulesError) as error:
        parse_rules(text, form)
    return error.value.problems


def test_rules_are_read_from_toml() -> None:
    """In their order, with conditions that must all hold."""
    builds, invoices = parse_rules(TOML, "toml")
    assert builds == Rule(
        "Builds",
        All((Text("from", "matches", ("*@ci.example",)), Text("subject", "contains", ("failed", "broken")))),
        Effects("notification", ("builds",), hide=True, stop=True),
    )
    assert invoices.then == Effects(priority="low", pin=True, skip_draft=True)
    assert isinstance(invoices.when, All)
    assert [type(one) for one in invoices.when.of] == [IsOf, OlderThan, HasAttachment, AnyOf, Not]


def test_rules_survive_every_way_of_writing_them() -> None:
    """TOML, JSON and plain data say the same."""
    rules = parse_rules(TOML, "toml")
    assert parse_rules(to_json(rules), "json") == rules
    assert parse_rules(to_toml(rules), "toml") == rules
    assert read_rules(json.loads(json.dumps([definition(rule) for rule in rules]))) == rules


def test_no_rules_are_rules() -> None:
    """An empty text."""
    assert parse_rules("", "toml") == ()
    assert parse_rules("{}", "json") == ()


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            'when = { subjct = "x" }\nthen = { pin = true }',
            "rule 1 'A'.when: 'subjct' is unknown: did you mean subject?",
        ),
        (
            'when = { subject = "x" }\nthen = { delete = true }',
            "rule 1 'A'.then: 'delete' is unknown: there are category",
        ),
        (
            'when = { subject = "x" }\nthen = { hide = "yes" }',
            "rule 1 'A'.then.hide: 'yes' is not usable: accepted is true",
        ),
        (
            'when = { category = "spm" }\nthen = { pin = true }',
            "rule 1 'A'.when.category: 'spm' is not usable: accepted is one",
        ),
        (
            'when = { older-than = "soon" }\nthen = { pin = true }',
            "rule 1 'A'.when.older-than: 'soon' is not usable: accepted",
        ),
        (
            'when = { subject = { regex = "(a+)+" } }\nthen = { pin = true }',
            "rule 1 'A'.when.subject: 'regex' is unknown: ther",
        ),
        (
            'when = { subject = { contains = "a", equals = "b" } }\nthen = { pin = true }',
            "rule 1 'A'.when.subject: {'contains'",
        ),
        (
            'when = { subject = ["a*", "b"] }\nthen = { pin = true }',
            "rule 1 'A'.when.subject: ['a*', 'b'] is not usable: accep",
        ),
        (
            "when = { subject = 7 }\nthen = { pin = true }",
            "rule 1 'A'.when.subject: 7 is not usable: accepted is a string",
        ),
        (
            'when = { subject = "" }\nthen = { pin = true }',
            "rule 1 'A'.when.subject: '' is not usable: accepted is a string",
        ),
        (
            "when = { has-attachment = 1 }\nthen = { pin = true }",
            "rule 1 'A'.when.has-attachment: 1 is not usable: accepted i",
        ),
        (
            "when = { any = [] }\nthen = { pin = true }",
            "rule 1 'A'.when.any: [] is not usable: accepted is a list of 1 to",
        ),
        (
            'when = { any = [{ form = "x" }] }\nthen = { pin = true }',
            "rule 1 'A'.when.any.1: 'form' is unknown: did you mean from",
        ),
        (
            'when = { header = { contains = "x" } }\nthen = { pin = true }',
            "rule 1 'A'.when.header.name: is missing: accepted is",
        ),
        (
            'when = { header = { name = "a b" } }\nthen = { pin = true }',
            "rule 1 'A'.when.header.name: 'a b' is not usable: acc",
        ),
        ("when = {}\nthen = { pin = true }", "rule 1 'A'.when: {} is not usable: accepted is at least one of from, to"),
        (
            'when = { subject = "x" }\nthen = {}',
            "rule 1 'A'.then: {} is not usable: accepted is at least one of category",
        ),
        (
            'when = { subject = "x" }\nthen = { priority = "urgent" }',
            "rule 1 'A'.then.priority: 'urgent' is not usable: acce",
        ),
        ('when = { subject = "x" }', "rule 1 'A'.then: is missing: accepted is a table with category"),
        ("then = { pin = true }", "rule 1 'A'.when: is missing: accepted is a table with from, to, subject"),
    ],
)
def test_each_mistake_is_named_with_its_place_its_value_and_what_is_accepted(rule: str, problem: str) -> None:
    """And with the nearest name where one was mistyped."""
    (said,) = [one for one in problems(f'[[rule]]\nname = "A"\n{rule}') if one.startswith(problem)]
    assert "accepted is" in said or "did you mean" in said or "there are" in said


def test_all_mistakes_are_told_at_once() -> None:
    """Of all rules."""
    text = '[[rule]]\nname = 1\nwhen = { a = 1 }\nthen = { b = 2 }\n[[rule]]\nnam = "B"\n'
    said = problems(text)
    assert {one.split(":")[0] for one in said} == {
        "rule 1.name", "rule 1.when", "rule 1.then", "rule 2", "rule 2.name", "rule 2.when", "rule 2.then",
    }  # fmt: skip


def test_two_rules_of_one_name_are_a_mistake() -> None:
    """The audit names rules."""
    rule = '[[rule]]\nname = "A"\nwhen = { subject = "x" }\nthen = { pin = true }\n'
    assert problems(rule * 2) == ("rule 2: its name 'A' is that of rule 1 too",)


def test_a_name_that_stands_twice_is_a_mistake_in_both_forms() -> None:
    """No condition is lost silently."""
    assert "subject" in problems('{"rule": [{"name": "A", "when": {"subject": "a", "subject": "b"}}]}', "json")[0]
    assert problems('[[rule]]\nname = "A"\nname = "B"')[0].startswith("the rules are not TOML: ")


@pytest.mark.parametrize(
    ("text", "form"), [("[[rule", "toml"), ("{", "json"), ("[" * 100_000, "json"), ("a=" + "[" * 9999, "toml")]
)
def test_a_text_that_is_neither_is_told(text: str, form: str) -> None:
    """However deep it nests."""
    assert problems(text, form)[0].startswith("the rules are n")


def test_too_much_is_refused() -> None:
    """Length, number, and levels have limits that the sentence names."""
    assert problems("#" * 300_000) == ("the rules have 300000 characters: at most 200000 are accepted",)
    with pytest.raises(RulesError, match="there are 201 rules: at most 200 are accepted"):
        read_rules({"name": f"{n}", "when": {"subject": "x"}, "then": {"pin": True}} for n in range(201))
    deep: dict[str, Any] = {"subject": "x"}
    for _ in range(10):
        deep = {"not": deep}
    with pytest.raises(RulesError, match="at most 5 levels of all, any and not"):
        read_rules([{"name": "A", "when": deep, "then": {"pin": True}}])


WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="*"), min_size=1, max_size=12)
TEXTS = st.builds(
    lambda field, comparison, values: {field: {comparison: values}},
    st.sampled_from(["from", "to", "subject", "body", "list-id"]),
    st.sampled_from(["contains", "equals", "matches"]),
    st.lists(WORDS, min_size=1, max_size=3, unique=True),
)
SIMPLE = st.one_of(
    TEXTS,
    st.builds(lambda wanted: {"has-attachment": wanted}, st.booleans()),
    st.builds(lambda category: {"category": category}, st.sampled_from(CATEGORIES)),
    st.builds(lambda days: {"older-than": f"{days} days"}, st.integers(1, 9999)),
    st.builds(lambda name: {"header": {"name": f"X-{name}"}}, st.from_regex(r"[A-Za-z]{1,9}", fullmatch=True)),
)
CONDITIONS = st.one_of(
    SIMPLE,
    st.builds(lambda name, of: {name: of}, st.sampled_from(["all", "any"]), st.lists(SIMPLE, min_size=1, max_size=3)),
    st.builds(lambda of: {"not": of}, SIMPLE),
)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "name": WORDS,
            "when": CONDITIONS,
            "then": st.fixed_dictionaries(
                {"pin": st.booleans(), "label": WORDS}, optional={"priority": st.just("high")}
            ),
        }
    ),
    max_size=4,
    unique_by=lambda rule: rule["name"].strip(),
)


@given(RULES)
def test_any_rules_read_back_as_they_were_written(definitions: list[dict[str, Any]]) -> None:
    """In JSON and in TOML."""
    rules = read_rules(definitions)
    assert parse_rules(to_json(rules), "json") == rules
    assert parse_rules(to_toml(rules), "toml") == rules


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "when", "then", "from", "any", "not", "header", "label"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(JSON | st.builds(lambda inner: {"rule": inner}, JSON | st.lists(JSON, max_size=3)))
def test_any_json_is_read_or_refused_in_sentences(data: Any) -> None:
    """No other exception comes out, and the problems name their place."""
    try:
        parse_rules(json.dumps(data), "json")
    except RulesError as error:
        assert all(problem.startswith(("rule ", "the rules")) for problem in error.problems)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_sentences(text: str) -> None:
    """As TOML and as JSON."""
    forms: list[Literal["toml", "json"]] = ["toml", "json"]
    for form in forms:
        try:
            parse_rules(text, form)
        except RulesError as error:
            assert error.problems
