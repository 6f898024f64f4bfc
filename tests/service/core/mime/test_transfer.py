"""Transfer encodings: decoded where they are whole, saved where they are not."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.transfer import decode_base64, decode_transfer

ENCODINGS = ["", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "unheard-of"]


@given(st.binary())
def test_what_was_encoded_comes_back(data: bytes) -> None:
    """In lines of 76 letters, as mail has them."""
    assert decode_transfer(base64.encodebytes(data), "base64") == (data, "")
    lines = data.replace(b"\r", b"")
    assert decode_transfer(quopri.encodestring(lines), "quoted-printable") == (lines, "")


@pytest.mark.parametrize(
    ("data", "decoded"),
    [
        (b"aGVsbG8", b"hello"),
        (b"aGVsbG8gd29ybGQ=aGVsbG8=", b"hello worldhello"),
        (b"aGVsbG8=\n\naGVsbG8=", b"hellohello"),
        (b"aGVsbG8g.d29ybGQ", b"hello world"),
        (b"aGVsb", b"hel"),
        (b"aGVsbG8gd", b"hello "),
    ],
)
def test_broken_base64_keeps_what_can_be_read(data: bytes, decoded: bytes) -> None:
    """Missing padding, padding in the middle, letters too few: the rest is there."""
    assert decode_base64(data) == (decoded, False)


def test_what_is_no_letter_of_base64_is_skipped() -> None:
    """RFC 2045 wants it so."""
    assert decode_base64(b"aGV!sbG8=\n") == (b"hello", True)


def test_broken_quoted_printable_stays_as_it_is() -> None:
    """A lone equals sign is text, and the defect is named."""
    assert decode_transfer(b"1 + 1 =G2 =C3=A4", "quoted-printable") == (
        "1 + 1 =G2 ä".encode(),
        "a part of it is broken quoted-printable",
    )


def test_uuencode_is_still_read() -> None:
    """Its first line, its last one and lines that are broken are left out."""
    data = b"begin 644 hello.txt\n%:&5L;&\\\nnot a line of it at all\n`\nend\nbehind it\n"
    assert decode_transfer(data, "x-uuencode") == (b"hello", "")


def test_an_unknown_encoding_is_named() -> None:
    """The bytes are taken as they are."""
    assert decode_transfer(b"abc", "x-zip") == (b"abc", "a part of it has an unknown transfer encoding")


@given(st.one_of(st.binary(), st.text("=AQab+/ \n!09", max_size=60).map(str.encode)), st.sampled_from(ENCODINGS))
def test_any_bytes_can_be_decoded(data: bytes, encoding: str) -> None:
    """Nothing raises, and nothing grows."""
    assert len(decode_transfer(data, encoding)[0]) <= len(data)
