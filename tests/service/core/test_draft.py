"""A reply as a proposal that states nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.actions import actions
from service.core.category import CATEGORIES, Category, Reason, Verdict
from service.core.dates import mentions
from service.core.draft import BLANK, Draft, propose
from service.core.email import Address, Email
from tests.service.core.letters import ME, letter

OWN = frozenset({ME})


def draft(email: Email, category: Category = "needs-reply") -> Draft | None:
    """The proposal for a message of this category."""
    return propose(email, Verdict(category, 0.9, (Reason("", 0.1),)), actions(email), mentions(email), OWN)


def test_each_question_and_request_is_taken_up_with_a_line_to_complete() -> None:
    """In the order of the message, after a greeting by name."""
    found = draft(letter("Hi Rosa,\n\nis it ready? The sun shines. Please send me the figures.\n\nAda"))
    assert found is not None
    assert found.body == (
        f"Hello Ada,\n\n> is it ready?\n{BLANK}\n\n> Please send me the figures.\n{BLANK}\n\nBest regards"
    )
    assert found.to == (Address("Ada Byron", "ada@work.example"),)


def test_the_reply_goes_into_the_thread() -> None:
    """RFC 5322, 3.6.4."""
    found = draft(letter("Ready?", In_Reply_To="<0@home.example>", References="<9@a.example> <0@home.example>"))
    assert found is not None
    assert found.in_reply_to == "1@mail.work.example"
    assert found.references == ("9@a.example", "0@home.example", "1@mail.work.example")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("The report", "Re: The report"),
        ("Re: The report", "Re: The report"),
        ("AW: RE: Re[2]: x", "Re: x"),
        ("", "Re:"),
    ],
)
def test_the_subject_has_re_once(subject: str, expected: str) -> None:
    """Whatever other programs put before it."""
    found = draft(letter("Ready?", Subject=subject))
    assert found is not None
    assert found.subject == expected


@pytest.mark.parametrize(
    ("body", "first", "last"),
    [
        ("Kannst du mir das bitte schicken? Ich bin im Büro und warte.", "Guten Tag Ada,", "Viele Grüße"),
        ("Pouvez-vous nous envoyer les chiffres ? Je suis dans le bureau.", "Bonjour Ada,", "Cordialement"),
    ],
)
def test_the_proposal_speaks_the_language_of_the_message(body: str, first: str, last: str) -> None:
    """Greeting and closing."""
    found = draft(letter(body))
    assert found is not None
    assert found.body.startswith(first)
    assert found.body.endswith(last)


def test_an_invitation_is_answered_with_both_answers_to_choose_from() -> None:
    """The assistant does not know whether the user has time."""
    found = draft(letter("We meet on Friday at noon.", Subject="Planning"), "calendar")
    assert found is not None
    assert "“Planning (Friday at noon)”: [I will come / I cannot come]" in found.body


@pytest.mark.parametrize("category", [one for one in CATEGORIES if one not in {"needs-reply", "calendar"}])
def test_nothing_is_proposed_for_what_needs_no_answer(category: Category) -> None:
    """All other categories."""
    assert draft(letter("Is it ready?"), category) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"From": "no-reply@work.example"},
        {"From": "mailer-daemon@work.example"},
        {"From": ""},
        {"From": ME},
        {"From": "talk@lists.example", "List_Post": "<mailto:talk@lists.example>"},
        {"From": "talk-bounces@lists.example"},
    ],
)
def test_nobody_is_answered_who_reads_nothing_or_is_a_list_or_the_user(headers: dict[str, str]) -> None:
    """There is no proposal then."""
    message = letter("Is it ready?", **headers)
    assert draft(message) is None


def test_on_a_list_the_writer_is_answered_and_not_the_list() -> None:
    """Reply-To names the list."""
    found = draft(letter("Is it ready?", To="talk@lists.example", Reply_To="talk@lists.example"))
    assert found is not None
    assert [one.address for one in found.to] == ["ada@work.example"]


def test_reply_to_is_answered_where_it_is_a_person() -> None:
    """As the writer wishes."""
    found = draft(letter("Is it ready?", Reply_To="Ada <ada@home.example>"))
    assert found is not None
    assert [one.address for one in found.to] == ["ada@home.example"]


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ('"Byron, Ada"', "Hello Ada,"),
        ('"Dr. Ada Byron"', "Hello Dr. Ada Byron,"),
        ("", "Hello,"),
        ('"ada@work.example"', "Hello,"),
        ('"Agent 007"', "Hello,"),
    ],
)
def test_the_greeting_uses_a_name_only_where_there_is_one(name: str, greeting: str) -> None:
    """Titles keep the whole name."""
    found = draft(letter("Is it ready?", From=f"{name} <ada@work.example>"))
    assert found is not None
    assert found.body.splitlines()[0] == greeting


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=40))
def test_any_message_has_a_proposal_of_bounded_length_or_none(body: str, subject: str, name: str) -> None:
    """With a recipient, and the same each time."""
    email = Email(subject=subject, sender=Address(name, "ada@work.example"), body=body)
    found = draft(email)
    assert found is not None
    assert found == draft(email)
    assert found.subject.startswith("Re:")
    assert len(found.body) < 3000
