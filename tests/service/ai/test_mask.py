"""Masking: what leaves the service, and that all of it comes back."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ai.mask import Mask, references

MAIL = """From: Mira Okafor <mira@okafor.example.net>
Subject: Saturday

Mira here. Call +44 1632 960 118 or (555) 010-0199 or 0171 / 123 45 67 before 18:30 on 2026-03-01, that is 01.03.2026.
Pay DE89 3704 0044 0532 0130 00, or by 4111 1111 1111 1111. See https://example.org/secret?token=1, or www.example.com.
"""
_PIECES = st.sampled_from(
    ["mira@example.org", "+49 30 1234567", "DE89370400440532013000", "4111-1111-1111-1111", "https://example.org/x",
     " ", "Mira", "Okafor", "[NAME_1_", "[EMAIL_1_abcdef]", "a1b2c3", "\n", "青木はるか", "\U0001f600", "\x00", "0171"]
)  # fmt: skip
TEXTS = st.lists(_PIECES | st.text(max_size=20)).map("".join)


@given(text=TEXTS, names=st.lists(_PIECES | st.text(max_size=12), max_size=5))
def test_everything_comes_back(text: str, names: list[str]) -> None:
    """Whatever the text and the names are, unmasking what was masked gives the text."""
    mask = Mask(text, names)
    assert mask.unmask(mask.mask(text)) == text


@given(text=TEXTS)
def test_nothing_that_looks_like_an_address_leaves(text: str) -> None:
    """What the answer is held to, links and addresses, is masked without exception."""
    assert references(Mask(text).mask(text)) == set()


def test_what_is_masked_and_what_is_not() -> None:
    """People, addresses, numbers and links are placeholders; times and dates, which the model needs, are not."""
    masked = Mask(MAIL, ["Mira Okafor"]).mask(MAIL)
    for secret in ("Mira", "Okafor", "example", "960", "0199", "0171", "3704", "4111", "token"):
        assert secret not in masked
    for needed in ("18:30", "2026-03-01", "01.03.2026", "Saturday"):
        assert needed in masked


def test_the_same_words_have_the_same_placeholder() -> None:
    """So that the model can tell who is who."""
    masked = Mask(MAIL, ["Mira Okafor"]).mask("Mira and Jonas and Mira; mira@example.org, mira@example.org")
    assert len(set(re.findall(r"\[\w+\]", masked))) == 2


def test_names_are_whole_words_where_words_have_blanks() -> None:
    """Ann is not found in a manner of speaking; a Japanese name is found before a title."""
    mask = Mask("", ["Ann", "青木はるか"])
    assert mask.mask("An annual plan") == "An annual plan"
    assert "青木" not in mask.mask("青木はるかさん")


def test_the_articles_of_a_name_are_no_names() -> None:
    """A newsletter has a name too, and the model still has to read the text."""
    masked = Mask("", ["The Sourdough Gazette", "Ida von Thal"]).mask("the Gazette of Thal, von")
    assert re.sub(r"\[\w+\]", "*", masked) == "the * of *, von"


def test_a_placeholder_that_was_never_given_is_noticed() -> None:
    """A model that makes one up is not believed."""
    mask = Mask(MAIL)
    given_ = mask.mask("mira@example.org")
    assert mask.unmask(given_) == "mira@example.org"
    with pytest.raises(ValueError, match="not given"):
        mask.unmask(given_.replace("_1_", "_99_"))


@pytest.mark.parametrize("piece", ["a", "1", "1 ", "+1", "a.", "a@", "DE89 ", "https://", "(0", "Mira ", "0-"])
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    """A text of 400 KB is masked at once, whatever it is made of; the limit only ends a run that hangs."""

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.perf_counter()
        Mask(text, ["Mira Okafor"]).mask(text)
        return time.perf_counter() - began

    seconds(1_000)
    assert seconds(400_000) < 20
