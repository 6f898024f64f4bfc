"""format=flowed (RFC 3676)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.flowed import unflow


@pytest.mark.parametrize(
    ("text", "delsp", "unflowed"),
    [
        ("one \ntwo\nthree", False, "one two\nthree"),
        ("on \nes", True, "ones"),
        ("> one \n> two\nthree", False, "> one two\nthree"),
        (">> a \n> b\nc", False, ">> a\n> b\nc"),
        ("one \n> two", False, "one \n> two"),
        (" From here\n  indented", False, "From here\n indented"),
        ("bye \n-- \nAda", False, "bye \n-- \nAda"),
        (" >not a quote", False, ">not a quote"),
        ("last ", False, "last "),
        ("", False, ""),
    ],
)
def test_flowed_lines_are_paragraphs(text: str, delsp: bool, unflowed: str) -> None:
    """Quotes end with their depth, the signature's line never flows, stuffed blanks go."""
    assert unflow(text, delsp) == unflowed


@given(st.text("> a-\n"), st.booleans())
def test_no_letter_gets_lost(text: str, delsp: bool) -> None:
    """Only blanks, quote signs and the ends of lines change."""
    assert [sign for sign in unflow(text, delsp) if sign in "a-"] == [sign for sign in text if sign in "a-"]
