"""Replies as messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime import parse
from service.core.outgoing import Outgoing, Unsendable, compose

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
REPLY = Outgoing(
    sender="me@example.org",
    to=[("Ann Ödön", "ann@example.com"), ("", "bob@example.com")],
    subject="Re: Grüße",
    text="Gladly.\n",
    message_id="reply@example.org",
    in_reply_to="2@example.com",
    references=["1@example.com", "2@example.com"],
)


def test_a_reply_is_a_message() -> None:
    """Which says the same when it is read, and that it belongs to what it answers."""
    email = parse(compose(REPLY, AT))
    assert email.sender is not None
    assert email.sender.address == "me@example.org"
    assert [(one.name, one.address) for one in email.to] == REPLY.to
    assert (email.subject, email.text.strip(), email.sent) == ("Re: Grüße", "Gladly.", AT)
    assert (email.message_id, email.in_reply_to) == ("reply@example.org", ("2@example.com",))
    assert email.references == ("1@example.com", "2@example.com")


def test_long_ids_stay_in_one_piece() -> None:
    """Or the conversation would be torn."""
    ids = [f"{'x' * 150}.{number}@example.com" for number in range(5)]
    email = parse(compose(replace(REPLY, references=ids, in_reply_to=ids[-1]), AT))
    assert email.references == tuple(ids)
    assert email.in_reply_to == (ids[-1],)


@given(st.text(), st.text(), st.just("ann@example.com") | st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_nothing_begins_another_header(subject: str, name: str, address: str, ancestor: str, more: list[str]) -> None:
    """Whatever somebody wrote, or a mail had in it; what cannot be sent is refused in words."""
    reply = replace(REPLY, subject=subject, to=[(name, address)], in_reply_to=ancestor, references=more)
    try:
        raw = compose(reply, AT)
    except Unsendable as unsendable:
        assert str(unsendable).startswith("one of the addresses")
        return
    header = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    names = [line.partition(b":")[0].lower() for line in header.split(b"\r\n")]
    known = {"from", "to", "subject", "date", "message-id", "in-reply-to", "references", "mime-version"}
    assert {one.decode() for one in names} <= known | {"content-type", "content-transfer-encoding"}


@given(st.text(), st.text() | st.from_regex(r"\A[a-z.'+]{1,9}\Z"))
def test_names_and_addresses_are_sent_or_refused(name: str, local: str) -> None:
    """No other exception escapes."""
    try:
        compose(replace(REPLY, to=[(name, f"{local}@example.com")], text=name), AT)
    except Unsendable:
        pass


def test_a_reply_to_nobody_is_refused() -> None:
    """With what to do."""
    with pytest.raises(Unsendable, match="addressed to nobody"):
        compose(replace(REPLY, to=[]), AT)
