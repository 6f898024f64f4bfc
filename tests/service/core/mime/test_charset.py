"""Charsets: what is declared, what is meant, and text that a database can store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.charset import CODECS, decode, storable


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("größer".encode("latin-1"), "iso-8859-1", "größer"),
        ("größer".encode(), "UTF-8", "größer"),
        ("größer".encode(), '"utf-8"', "größer"),
        ("größer".encode(), "utf8", "größer"),
        ("„größer“ €".encode("cp1252"), "Windows-1252", "„größer“ €"),
        ("żółw".encode("iso8859-2"), "ISO_8859-2", "żółw"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        ("привет".encode("cp1251"), "windows-1251", "привет"),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        ("中文".encode("gb18030"), "gb2312", "中文"),
        ("한글".encode("cp949"), "ks_c_5601-1987", "한글"),
        ("größer".encode("utf-16"), "utf-16", "größer"),
        ("größer".encode("utf-7"), "unicode-1-1-utf-7", "größer"),
        ("größer".encode(), "", "größer"),
        ("größer".encode("latin-1"), "", "größer"),
        (b"", "iso-2022-jp", ""),
    ],
)
def test_a_text_in_its_charset_is_read_as_it_says(data: bytes, label: str, text: str) -> None:
    """Whatever the label's spelling; a text without a label is UTF-8 or windows-1252."""
    assert decode(data, label) == (text, True)


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("größer".encode(), "iso-8859-1", "größer"),
        ("größer".encode(), "us-ascii", "größer"),
        ("größer".encode("cp1252"), "utf-8", "größer"),
        ("größer".encode(), "x-unknown", "größer"),
        ("größer".encode("cp1252"), "x-unknown", "größer"),
        ("größer größer größer ö".encode()[:-1], "utf-8", "größer größer größer \ufffd"),
        (b"\xff\xff", "iso-2022-jp", "\ufffd\ufffd"),
    ],
)
def test_a_lie_about_the_charset_is_seen_through(data: bytes, label: str, text: str) -> None:
    """The text is what the bytes say, and the lie is reported."""
    assert decode(data, label) == (text, False)


def test_windows_1252_under_the_name_of_latin_1_is_no_lie() -> None:
    """Everybody means windows-1252, and so does the standard of the web."""
    assert decode(b"\x93quoted\x94", "iso-8859-1") == ("“quoted”", True)


@pytest.mark.parametrize(
    "label", ["punycode", "idna", "rot13", "hex", "zlib", "unicode_escape", "undefined", "mbcs", "\0"]
)
def test_what_is_no_charset_is_never_asked_to_decode(label: str) -> None:
    """Python has codecs under these names, some of them quadratic."""
    assert decode(b"abc-\xe4", label) == ("abc-ä", False)


@given(st.binary(), st.one_of(st.sampled_from(sorted(CODECS)), st.text()))
def test_any_bytes_in_any_charset_are_storable_text(data: bytes, label: str) -> None:
    """Every codec of the table exists, and none of them raises."""
    text = storable(decode(data, label)[0])
    assert "\0" not in text
    text.encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_storable_text_is_left_alone(text: str) -> None:
    """Only NUL and surrogates are touched."""
    assert storable(text) == text


def test_surrogates_in_pairs_become_what_they_stand_for() -> None:
    """A lone one is replaced."""
    assert storable("\ud83d\ude00 \ud83d") == "😀 \ufffd"
