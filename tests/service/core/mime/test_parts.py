"""Multiparts: whole, broken, cut off, and nested."""

from __future__ import annotations

import pytest

from service.core.email import Attachment
from service.core.mime import Limits, parse

HEADERS = b"From: Ada <ada@example.org>\nDate: Tue, 5 Mar 2024 09:00:00 +0100\nMessage-ID: <1@example.org>\n"
MIXED = HEADERS + b'Content-Type: multipart/mixed; boundary="b"\n\n'
NOWHERE = "it says that it has several parts, but their boundary is nowhere; it is read as text"
CUT_OFF = "its last part has no end: the message may be cut off"


def test_parts_are_read_in_their_order() -> None:
    """What stands before and behind them is not shown; a part without headers is text."""
    email = parse(MIXED + b"preamble\n--b\n\none\n--b  \nContent-Type: text/plain\n\ntwo\n--b--\nepilogue\n")
    assert (email.text, email.defects) == ("one\n\ntwo", ())


def test_a_boundary_is_a_whole_line() -> None:
    """Lines that only begin as it does are text."""
    email = parse(MIXED + b"--b\n\none\n--bb\n --b\n--b-\n--b--\n")
    assert (email.text, email.defects) == ("one\n--bb\n --b\n--b-", ())


def test_a_message_that_was_cut_off_is_read_to_its_end() -> None:
    """The defect says so."""
    email = parse(MIXED + b"--b\n\none\n--b\nContent-Type: application/pdf\n\n%PDF")
    assert email.text == "one"
    assert email.attachments == (Attachment("", "application/pdf", 4),)
    assert email.defects == (CUT_OFF,)


@pytest.mark.parametrize(
    "content_type", [b"multipart/mixed", b"multipart/mixed; boundary=", b"multipart/mixed; boundary=zz"]
)
def test_a_boundary_that_is_wrong_or_missing_is_found_out(content_type: bytes) -> None:
    """It is the line above the first part's headers."""
    email = parse(
        HEADERS
        + b"Content-Type: "
        + content_type
        + b"\n\n--real\nContent-Type: text/plain\n\none\n--real\n\ntwo\n--real--\n"
    )
    assert email.text == "one\n\ntwo"
    assert email.defects == ("the boundary between its parts is not the one that it declares",)


def test_a_multipart_without_any_boundary_is_text() -> None:
    """A person can still read it."""
    email = parse(MIXED + b"just text\n")
    assert (email.text, email.defects) == ("just text", (NOWHERE,))


def test_multiparts_may_be_nested() -> None:
    """An inner one that is never closed ends where the outer one goes on."""
    email = parse(
        MIXED
        + b"--b\nContent-Type: multipart/mixed; boundary=inner\n\n--inner\n\none\n--inner\n\ntwo\n"
        + b"--b\n\nthree\n--b--\n"
    )
    assert (email.text, email.defects) == ("one\n\ntwo\n\nthree", (CUT_OFF,))


def test_parts_nested_too_deeply_are_attachments_unread() -> None:
    """The limit is far above what mail programs write."""
    raw = HEADERS + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n\nlevel %d\n--b%d\n" % (n, n, n, n) for n in range(4)
    )
    email = parse(raw, limits=Limits(depth=2))
    assert email.text == "level 0\n\nlevel 1"
    assert [attachment.type for attachment in email.attachments] == ["multipart/mixed"]
    assert email.defects == (CUT_OFF, "its parts are nested more than 2 deep; what is below is not read")


def test_of_too_many_parts_the_first_are_read() -> None:
    """The message itself counts as one."""
    email = parse(MIXED + b"--b\n\nx\n" * 10 + b"--b--\n", limits=Limits(parts=4))
    assert email.text == "x\n\nx\n\nx"
    assert email.defects == ("it has more than 4 parts; the rest is not read",)


def test_a_digest_is_made_of_messages() -> None:
    """Its parts need not say so (RFC 2046, 5.1.5)."""
    email = parse(MIXED.replace(b"mixed", b"digest") + b"--b\n\nSubject: one\n\nbody\n--b--\n")
    assert email.attachments == (Attachment("", "message/rfc822", 18),)


def test_a_message_within_a_message_keeps_its_boundaries_to_itself() -> None:
    """It is one attachment, whatever is inside."""
    inner = b"Subject: inner\nContent-Type: multipart/mixed; boundary=inner\n\n--inner\n\nhidden\n--inner--"
    email = parse(
        MIXED + b"--b\n\nsee below\n--b\nContent-Type: message/rfc822; name=inner.eml\n\n" + inner + b"\n--b--\n"
    )
    assert email.text == "see below"
    assert email.attachments == (Attachment("inner.eml", "message/rfc822", len(inner)),)
    assert email.defects == ()


def test_a_type_that_is_none_is_text() -> None:
    """As RFC 2045, 5.2 wants it."""
    assert parse(HEADERS + b"Content-Type: text\n\nhello").text == "hello"
