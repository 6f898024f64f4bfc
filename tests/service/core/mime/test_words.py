"""Encoded words: decoded where they are well-formed, left alone where they are not."""

from __future__ import annotations

from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.words import decode_words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?gr=C3=BC=C3=9Fe?=", "grüße"),
        ("=?UTF-8?B?Z3LDvMOfZQ==?=", "grüße"),
        ("=?iso-8859-1*de?Q?gr=FC=DFe_dich?=", "grüße dich"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a_?= \t =?iso-8859-1?q?=E4?=", "a ä"),
        ("=?utf-8?b?w6Q?=", "ä"),
        ("=?utf-8?b?w7w=?==?utf-8?b?w58=?=", "üß"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        ("=?x-unknown?q?=E4?=", "ä"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-8?q?a=00b?=", "ab"),
        ("=?utf-7?q?+2AA-?=", "\ufffd"),
        ("100% =?= x", "100% =?= x"),
        ("=?utf-8?q??=", ""),
    ],
)
def test_a_header_is_decoded(value: str, text: str) -> None:
    """Blanks between two words are no text; a character that is cut in two is put together."""
    assert decode_words(value) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_what_the_standard_library_writes_is_read(text: str) -> None:
    """However many words a header needs."""
    written = Header(text, "utf-8", maxlinelen=76).encode(linesep="\n").replace("\n", "")
    assert decode_words(written) == text


@given(
    st.lists(
        st.sampled_from(["=?", "?=", "?q?", "?b?", "utf-8", "utf-16", "=E4", "w6Q=", " ", "?", "\udce4", "a"])
    ).map("".join)
)
def test_any_arrangement_of_its_signs_is_some_text(value: str) -> None:
    """Nothing raises, and what was encoded can be stored."""
    assert isinstance(decode_words(value), str)
