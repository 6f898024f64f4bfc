"""Header blocks: fields, folding, and lines that are none."""

from __future__ import annotations

import pytest

from service.core.mime import parse
from service.core.mime.limits import LIMITS, Limits

ADDRESSED = b"From: Ada <ada@example.org>\nDate: Tue, 5 Mar 2024 09:00:00 +0100\nMessage-ID: <1@example.org>\n"


def test_folded_lines_are_one_value() -> None:
    """However far they are indented."""
    assert parse(ADDRESSED + b"Subject: one\n two\n\t  three\n\nbody\n").subject == "one two three"


def test_a_header_that_comes_twice_has_both_values() -> None:
    """In their order; the first of them is the one that counts."""
    email = parse(ADDRESSED + b"Received: a\nreceived: b\nSubject: first\nSubject: second\n\n")
    assert email.headers["received"] == ("a", "b")
    assert email.subject == "first"


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_any_way(newline: bytes) -> None:
    """LF, CRLF, and the CR of machines long gone."""
    email = parse((ADDRESSED + b"Subject: hello\n\none\ntwo\n").replace(b"\n", newline))
    assert (email.subject, email.text, email.defects) == ("hello", "one\ntwo", ())


def test_bytes_in_headers_are_read_as_utf8_or_windows_1252() -> None:
    """The first is allowed (RFC 6532), the second is a defect."""
    honest = parse(ADDRESSED + "Subject: größer\n\n".encode())
    assert (honest.subject, honest.defects) == ("größer", ())
    lying = parse(ADDRESSED + "Subject: größer\n\n".encode("cp1252"))
    assert (lying.subject, lying.defects) == ("größer", ("a header holds bytes that are not UTF-8",))


def test_the_envelope_line_of_an_mbox_file_is_no_header() -> None:
    """A message that was taken out of a file may still have it."""
    email = parse(b"From ada@example.org  Tue Mar  5 09:00:00 2024\n" + ADDRESSED + b"\nhello\n")
    assert (email.text, email.defects) == ("hello", ())


def test_a_line_that_is_no_header_is_left_out() -> None:
    """What follows is still read."""
    email = parse(ADDRESSED + b"this is no header\nSubject: hello\n\nbody\n")
    assert (email.subject, email.text) == ("hello", "body")
    assert email.defects == ("a line among its headers is no header",)


def test_a_body_without_a_blank_line_before_it_is_a_body() -> None:
    """The headers end with the first line that is none, when none comes after it."""
    email = parse(ADDRESSED + b"Subject: hello\nthis is the body,\nand this too\n\nand this")
    assert (email.subject, email.text) == ("hello", "this is the body,\nand this too\n\nand this")
    assert email.defects == ("no blank line ends its headers",)


def test_a_text_without_headers_is_a_text() -> None:
    """It is all there, and the defects say what is missing."""
    email = parse(b"Just a few\nlines.\n")
    assert email.text == "Just a few\nlines."
    assert email.defects[0] == "it has no headers"


def test_nul_bytes_are_left_out() -> None:
    """A database cannot store them."""
    assert parse(ADDRESSED + b"Subject: he\0llo\n\nbo\0dy").subject == "hello"


@pytest.mark.parametrize(
    ("block", "defect"),
    [
        (b"X: y\n" * 2_001, "it has more than 2,000 header fields; the rest of them is not read"),
        (b"X: " + b"y" * 300_000 + b"\n", "its headers are longer than 262,144 bytes; the rest of them is not read"),
        (
            b"To: " + b"a@example.org, " * 1_001 + b"\n",
            "a header names more than 1,000 addresses; the rest is not kept apart",
        ),
    ],
)
def test_what_is_beyond_a_limit_is_said(block: bytes, defect: str) -> None:
    """The headers before it and the body are read."""
    email = parse(ADDRESSED + block + b"\nbody\n")
    assert email.text == "body"
    assert email.message_id == "1@example.org"
    assert defect in email.defects


def test_of_many_references_the_oldest_and_the_newest_are_kept() -> None:
    """The root, and those next to the message."""
    references = b" ".join(b"<%d@example.org>" % number for number in range(500))
    kept = parse(ADDRESSED + b"References: " + references + b"\n\n").references
    assert len(kept) == LIMITS.references
    assert (kept[0], kept[1], kept[-1]) == ("0@example.org", "401@example.org", "499@example.org")


def test_the_limits_can_be_chosen() -> None:
    """A caller with less patience sets its own."""
    email = parse(ADDRESSED + b"\nhello world\n", limits=Limits(text=5))
    assert email.text == "hello"
    assert email.defects == ("its text is longer than 5 characters; the rest is not kept",)
