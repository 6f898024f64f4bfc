"""What a server's answers say, whatever is in them."""

from __future__ import annotations

import imaplib
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.imap import answers
from service.mail.imap.address import is_public
from service.mail.imap.connection import sequence_set
from service.mail.imap.wire import BadAnswer

PIECES = [
    b"1",
    b" ",
    b"FETCH",
    b"(",
    b")",
    b"UID ",
    b"BODY[]",
    b"{3}",
    b'"',
    b"\\",
    b"NIL",
    b"[",
    b"]",
    b"FLAGS ",
    b"7",
]
LINES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3)).map(b"".join)
LITERALS = st.tuples(LINES.map(lambda line: line + b"{3}"), st.binary(min_size=3, max_size=3))
UIDS = st.sets(st.integers(1, 2**32 - 1) | st.integers(1, 50)).map(sorted)


@given(
    st.lists(LINES | st.tuples(LINES.map(lambda line: line + b"{3}"), st.binary(min_size=3, max_size=3)), min_size=1)
)
def test_any_answer_is_data_or_an_error_of_the_protocol(lines: list[bytes | tuple[bytes, bytes]]) -> None:
    """UIDs are in their range, and flags and times can be had of whatever came."""
    assert all(0 < uid < 2**32 and size >= 0 for uid, size in answers.sizes(lines).items() if uid)
    try:
        found = answers.fetched(lines)
    except (BadAnswer, imaplib.IMAP4.error, ValueError, TypeError, AttributeError):
        return  # what the connection puts in words
    for uid, data in found.items():
        assert 0 < uid < 2**32
        assert answers.received_at(data).tzinfo is UTC


@given(st.lists(LINES | st.none()))
def test_searches_find_uids_in_their_range(lines: list[bytes | None]) -> None:
    """Ascending, each once."""
    found = answers.uids(lines)
    assert found == sorted(set(found))
    assert all(0 < uid < 2**32 for uid in found)


@given(UIDS)
def test_a_sequence_set_names_the_same_uids(uids: list[int]) -> None:
    """No more and no fewer, whether they follow one another or not."""
    named = [part.partition(":") for part in sequence_set(uids).split(",") if part]
    assert [uid for first, _, last in named for uid in range(int(first), int(last or first) + 1)] == uids


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_told_from_private_ones(address: str, public: bool) -> None:
    """Also where IPv6 only wraps an address of IPv4."""
    assert is_public(address) is public
