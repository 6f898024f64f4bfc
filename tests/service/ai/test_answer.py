"""What is taken from the model, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ai.answer import DRAFT, SUMMARY, Answer, Refused, read, schema
from service.ai.mask import Mask

MAIL = "From: Mira <mira@example.net>\nSubject: Map\n\nIs the map at https://example.org/map? Ask jonas@example.org."


def answer(**texts: object) -> Answer:
    """What is made of an answer with these texts."""
    return read(json.dumps({"summary": "s", "draft": "d", **texts}), Mask(MAIL, ["Mira"]), MAIL)


def test_placeholders_become_words_again() -> None:
    """The user reads the names and addresses of the mail."""
    mask = Mask(MAIL, ["Mira"])
    masked = mask.mask("Mira asks; write to jonas@example.org or see https://example.org/map.")
    found = read(json.dumps({"summary": masked, "draft": ""}), mask, MAIL)
    assert found.summary == "Mira asks; write to jonas@example.org or see https://example.org/map."


@pytest.mark.parametrize(
    "texts",
    [
        {"summary": "s" * (SUMMARY + 1)}, {"draft": "d" * (DRAFT + 1)}, {"summary": ""}, {"summary": "  "},
        {"summary": None}, {"draft": 7}, {"tool": "send"}, {"to": ["everybody@example.org"]},
    ],
)  # fmt: skip
def test_another_form_is_refused(texts: dict[str, object]) -> None:
    """Other keys, other types, too much and nothing."""
    with pytest.raises(Refused):
        answer(**texts)


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "{}", '{"summary": "s"}', "```json\n{}\n```", "[" * 100_000])
def test_no_json_is_refused(content: str) -> None:
    """However it fails, it fails in words."""
    with pytest.raises(Refused, match="form"):
        read(content, Mask(MAIL), MAIL)


@pytest.mark.parametrize(
    "text", ["Send it to eve@example.com.", "Log in at https://example.com/steal", "See www.example.net", "a@b.example"]
)
def test_a_link_or_an_address_from_elsewhere_is_refused(text: str) -> None:
    """The model cannot lead the user, or the user's reply, anywhere that the mail does not."""
    with pytest.raises(Refused, match="not in the message"):
        answer(draft=text)


def test_what_no_database_can_keep_is_not_kept() -> None:
    """NUL is taken out, and an answer with a lone surrogate, which JSON can write, is refused."""
    assert answer(summary="a\x00b").summary == "ab"
    with pytest.raises(Refused):
        read('{"summary": "\\ud800x", "draft": ""}', Mask(MAIL), MAIL)


def test_the_schema_is_that_of_the_answer() -> None:
    """What is asked for is what is accepted: the same keys, all of them, no others."""
    asked, accepted = schema(), Answer.model_json_schema()
    assert asked["required"] == accepted["required"] == list(accepted["properties"])
    assert asked["additionalProperties"] is accepted["additionalProperties"] is False
    assert {key: value["type"] for key, value in asked["properties"].items()} == {
        key: value["type"] for key, value in accepted["properties"].items()
    }


@given(content=st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_any_answer_is_read_or_refused(content: str) -> None:
    """No other exception escapes."""
    try:
        read(content, Mask(MAIL), MAIL)
    except Refused:
        pass
