"""Sentences, summary, and action items: only ever the message's own words."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.actions import MOST as MOST_ACTIONS
from service.core.actions import Action, actions
from service.core.asks import asks
from service.core.email import Email
from service.core.sentences import LONGEST, READ, sentences
from service.core.summary import summary
from tests.service.core.letters import letter

LETTER = """Hi Rosa,

I hope you are well. Last week we moved the office to the second floor.
The new rooms are bright, and there is a kitchen.
Could you send me the signed contract by Friday 5pm? The landlord, Mr. Brown, needs 2 copies.
Everybody likes the kitchen.

Best regards
Ada
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Mr. Brown came. He left.", ["Mr. Brown came.", "He left."]),
        ("Wir sehen uns am 12. März. Bis dann!", ["Wir sehen uns am 12. März.", "Bis dann!"]),
        ("Das ist z. B. gut. Ja.", ["Das ist z. B. gut.", "Ja."]),
        ("It was in 2026. Then it ended.", ["It was in 2026.", "Then it ended."]),
        ("Hello Rosa,\n\nhow are\nyou?", ["Hello Rosa,", "how are you?"]),
        ("To do:\n- call Ada\n- write Carl", ["To do:", "- call Ada", "- write Carl"]),
        ("行きますか。はい。", ["行きますか。", "はい。"]),
        ("Wait... what?! Yes.", ["Wait...", "what?!", "Yes."]),
        ("", []),
        ("... !!! ---", []),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, expected: list[str]) -> None:
    """Abbreviations, ordinals and list items are seen."""
    assert list(sentences(text)) == expected


@given(st.text(max_size=400))
def test_sentences_have_the_words_of_the_text_in_their_order(text: str) -> None:
    """Nothing is added, and each has something in it."""
    found = sentences(text)
    words = iter(text.split())
    assert all(any(piece in word for word in words) for one in found for piece in one.split()[:1])
    assert all(len(one) <= LONGEST and any(character.isalnum() for character in one) for one in found)


@pytest.mark.parametrize("part", [".", "a.", ". ", "!?\"' ", "x" * 99, "\n", "- ", "1. ", "。", "e.g. "])
def test_a_hostile_text_is_cut_in_bounded_time(part: str) -> None:
    """Five million characters of what sentences end with; only the beginning is read."""
    assert sum(map(len, sentences(part * (5_000_000 // len(part))))) <= READ


@pytest.mark.parametrize(
    ("sentence", "ask"),
    [
        ("Is it ready?", "question"),
        ("Bist du fertig?", "question"),
        ("准备好了吗？", "question"),
        ("Please send it.", "request"),
        ("Can you send it.", "request"),
        ("Please note that we are closed.", None),
        ("See https://a.example/?q=what?", None),
        ("Questions?", None),
        ("It is ready.", None),
        ("??", None),
    ],
)
def test_a_question_and_a_request_are_told_apart(sentence: str, ask: str | None) -> None:
    """And what only looks like one is neither."""
    assert asks(sentence) == ask


def test_the_summary_is_what_matters_in_the_writers_words() -> None:
    """The request stands in it, the greeting does not, and its sentences keep their order."""
    said = summary(letter(LETTER))
    assert "Could you send me the signed contract by Friday 5pm?" in said
    assert "Hi Rosa" not in said
    assert "I hope" not in said
    assert 1 <= len(sentences(said)) <= 3
    places = [" ".join(LETTER.split()).index(one) for one in sentences(said)]
    assert places == sorted(places)


def test_a_message_without_words_has_no_summary() -> None:
    """Rather than an invented one."""
    assert summary(letter("")) == ""
    assert summary(letter("Hello Rosa,\n\nBest regards")) == ""


@given(st.text(max_size=400))
def test_no_summary_has_a_word_that_the_message_has_not(text: str) -> None:
    """Whatever the message is; and the same message has the same summary."""
    email = Email(body=text, sent=datetime(2026, 11, 24, tzinfo=UTC))
    said = summary(email)
    for one in sentences(said):
        assert all(word in " ".join(text.split()) for word in one.split())
    assert said == summary(email)


def test_actions_have_their_sentence_and_their_due_date() -> None:
    """The day after "by" is due, not the first one."""
    message = letter(
        "Hi Rosa,\nPlease send the contract of Monday by 2026-12-04.\nCan you book a room?\nWhat is new?\n"
        "- [ ] call Carl\nTODO: water the plants tomorrow\n\nBitte bis 5.12. antworten.\n"
    )
    assert actions(message) == (
        Action("Please send the contract of Monday by 2026-12-04.", date(2026, 12, 4)),
        Action("Can you book a room?"),
        Action("- [ ] call Carl"),
        Action("TODO: water the plants tomorrow", date(2026, 11, 24)),
        Action("Bitte bis 5.12. antworten.", date(2026, 12, 5)),
    )


def test_a_message_that_wants_nothing_has_no_actions() -> None:
    """Neither has one in which only the quoted part wants something."""
    assert actions(letter("It is done.\n\nOn Monday Rosa wrote:\n> Please send it.\n")) == ()


@pytest.mark.parametrize(
    "part", ["Please send it by Friday 5pm. ", "please ", "by by by ", "- [ ] x\n", "?" * 50 + " "]
)
def test_a_hostile_body_is_understood_in_bounded_time(part: str) -> None:
    """Five million characters; what is kept is bounded too."""
    email = Email(body=part * (5_000_000 // len(part)), sent=datetime(2026, 11, 24, tzinfo=UTC))
    assert len(actions(email)) <= MOST_ACTIONS
    assert len(summary(email)) <= 3 * LONGEST
