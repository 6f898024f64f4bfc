"""Which rules hold for a message, why, and what they do together."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.category import Category
from service.core.rules import Effects, Facts, combined, evaluate, parse_rules
from service.core.rules.glob import matches
from tests.service.core.letters import letter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WITH_PART = "--b\nContent-Type: text/plain\n\nHi\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--\n"


def because(
    when: str, body: str = "The Invoice is here.", category: Category = "fyi", **headers: str
) -> tuple[str, ...]:
    """Why a rule with this condition holds for a message; empty when it does not."""
    rules = parse_rules(f'[[rule]]\nname = "A"\nwhen = {when}\nthen = {{ pin = true }}', "toml")
    found = evaluate(rules, Facts(letter(body, **headers), category, NOW))
    return found[0].because if found else ()


@pytest.mark.parametrize(
    ("when", "reasons"),
    [
        ('{ from = "ada@" }', ["its sender contains “ada@”"]),
        ('{ from = "Byron" }', ["its sender contains “Byron”"]),
        ('{ from = { equals = "ADA@work.example" } }', ["its sender equals “ADA@work.example”"]),
        ('{ from = "*@work.example" }', ["its sender matches “*@work.example”"]),
        ('{ from = "*@home.example" }', []),
        ('{ to = { equals = "rosa@home.example" } }', ["a recipient equals “rosa@home.example”"]),
        ('{ subject = ["plan", "report"] }', ["its subject contains “report”"]),
        ('{ body = "invoice" }', ["its text contains “invoice”"]),
        ('{ body = { equals = "invoice" } }', []),
        ('{ category = ["spam", "fyi"] }', ["its category is fyi"]),
        ('{ category = "spam" }', []),
        ("{ has-attachment = false }", ["it has no attachment"]),
        ("{ has-attachment = true }", []),
        ('{ older-than = "1 day" }', ["it is older than 1 day"]),
        ('{ older-than = "2 days" }', []),
        ('{ header = { name = "Message-ID" } }', ["its header message-id is there"]),
        ('{ header = { name = "X-Shop", contains = "a" } }', []),
        ('{ subject = "report", body = "invoice" }', ["its subject contains “report”", "its text contains “invoice”"]),
        ('{ subject = "report", body = "nothing" }', []),
        ('{ any = [{ body = "nothing" }, { subject = "report" }] }', ["its subject contains “report”"]),
        (
            '{ all = [{ body = "here" }, { subject = "report" }] }',
            ["its text contains “here”", "its subject contains “report”"],
        ),
        ('{ not = { body = "nothing" } }', ["it is not so that its text contains “nothing”"]),
        ('{ not = { body = "here" } }', []),
    ],
)
def test_a_condition_says_in_words_why_it_holds(when: str, reasons: list[str]) -> None:
    """Upper and lower case are the same."""
    assert because(when) == tuple(reasons)


def test_an_attachment_and_a_list_are_seen() -> None:
    """In a message that has them."""
    found = because(
        '{ has-attachment = true, list-id = "*<weekly.*>" }',
        WITH_PART,
        Content_Type="multipart/mixed; boundary=b",
        List_Id="Garden <weekly.garden.example>",
    )
    assert found == ("it has an attachment", "its List-Id matches “*<weekly.*>”")


def test_a_message_without_a_date_is_never_too_old() -> None:
    """Nobody knows its age."""
    assert because('{ older-than = "1 hour" }', Date="") == ()


RULES = parse_rules(
    """
[[rule]]
name = "Reports"
when = { subject = "report" }
then = { category = "notification", label = ["work", "read"], priority = "low" }

[[rule]]
name = "Notifications"
when = { category = "notification" }
then = { hide = true, label = "work", priority = "high", stop = true }

[[rule]]
name = "Never reached"
when = { subject = "report" }
then = { category = "spam" }
""",
    "toml",
)


def test_rules_apply_in_their_order_until_one_stops() -> None:
    """The second one sees the category that the first one set."""
    found = evaluate(RULES, Facts(letter(), "fyi", NOW))
    assert [one.rule for one in found] == ["Reports", "Notifications"]
    assert found[1].because == ("its category is notification",)


def test_what_rules_do_adds_up_and_the_later_one_decides() -> None:
    """Labels are kept once, a switch stays on, and of two priorities the later counts."""
    assert combined(evaluate(RULES, Facts(letter(), "fyi", NOW))) == Effects(
        "notification", ("work", "read"), hide=True, priority="high", stop=True
    )
    assert combined(()) == Effects()


def test_the_same_rules_do_the_same_to_the_same_message() -> None:
    """Live, tried out, or afterwards."""
    assert evaluate(RULES, Facts(letter(), "fyi", NOW)) == evaluate(RULES, Facts(letter(), "fyi", NOW))


@given(st.text("ab*", max_size=12), st.text("ab", max_size=14))
def test_patterns_match_as_shells_do(pattern: str, text: str) -> None:
    """Beside the standard library's fnmatch."""
    assert matches(text, pattern) == fnmatchcase(text, pattern)


def test_a_hostile_pattern_costs_no_more_than_the_text() -> None:
    """Two hundred stars against five million characters that nearly match."""
    assert not matches("a" * 5_000_000, "*a" * 200 + "b*")
