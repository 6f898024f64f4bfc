"""What Gmail answers: what is well-formed is read, and anything else is refused without an accident."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mail.gmail.answers import Answer, BadAnswer, History, Labels, Listed, Message, Profile, read
from service.mail.gmail.faults import LONGEST, fault
from service.mail.gmail.identity import id_of, uid_of
from service.mail.gmail.labels import ALL_MAIL, GONE, LEFT_OUT, Folders

KINDS: list[type[Answer]] = [History, Labels, Listed, Message, Profile]
IDS = st.integers(1, 2**64 - 1)
NAMES = st.sampled_from(
    ["id", "messages", "message", "labelIds", "history", "historyId", "labelsAdded", "labelsRemoved", "messagesAdded",
     "raw", "payload", "headers", "name", "value", "internalDate", "sizeEstimate", "nextPageToken", "labels", "error",
     "errors", "reason", "details", "status"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=15,
)


@given(IDS)
def test_ids_and_uids_are_the_same_64_bits(number: int) -> None:
    """There and back, within what a database keeps."""
    id_ = f"{number:x}"
    assert id_of(uid_of(id_)) == id_
    assert -(2**63) <= uid_of(id_) < 2**63


@pytest.mark.parametrize("text", ["", "0", "-1", "10000000000000000", "0x1", "1_0", " 1", "01", "AB", "msg_1", "é"])
def test_what_is_no_id_is_refused(text: str) -> None:
    """Another spelling of an id would be another message."""
    with pytest.raises(ValueError):
        uid_of(text)


@given(st.sampled_from(KINDS), st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_is_read_or_refused(kind: type[Answer], data: bytes) -> None:
    """No other exception escapes."""
    try:
        read(kind, data)
    except BadAnswer as error:
        assert len(str(error)) < 100


def test_deep_nesting_is_refused() -> None:
    """As anything that is no answer."""
    with pytest.raises(BadAnswer):
        read(Listed, b'{"messages":' + b"[" * 100_000)


@given(st.binary(max_size=200))
def test_raw_messages_are_bytes(content: bytes) -> None:
    """Base64 of the kind for URLs, with its padding or without."""
    text = base64.urlsafe_b64encode(content).decode()
    for form in (text, text.rstrip("=")):
        assert read(Message, json.dumps({"id": "1f", "raw": form}).encode()).raw == content


@given(st.integers())
def test_any_date_is_a_time(date: int) -> None:
    """One that cannot be is now."""
    try:
        message = read(Message, json.dumps({"id": "1f", "internalDate": str(date)}).encode())
    except BadAnswer:
        return
    assert message.received_at.tzinfo is UTC


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=5))
def test_a_header_has_a_line_for_each_field(fields: list[tuple[str, str]]) -> None:
    """Whatever is in a value, it begins no other line."""
    headers = [{"name": name, "value": value} for name, value in fields]
    answer = {"id": "1f", "payload": {"headers": headers}}
    header = read(Message, json.dumps(answer).encode()).header()
    assert header.endswith(b"\r\n")
    assert header.count(b"\n") == 1 + sum(name.isprintable() for name, _ in fields)


@given(st.integers(100, 599), st.text(max_size=40), JSON)
def test_any_fault_has_words(status: int, after: str, body: Any) -> None:
    """Nothing that a server says breaks them or is quoted at length."""
    found = fault(status, {"retry-after": after}, json.dumps({"error": body}).encode())
    assert 0 <= found.after <= LONGEST
    assert str(found.error())


@pytest.mark.parametrize(
    ("header", "message", "least", "most"),
    [
        ("7", "", 7, 7),
        ("99999999999", "", 0, 0),
        ("999999999", "", LONGEST, LONGEST),
        ("-3", "", 0, 0),
        ("", "Retry after 2000-01-01T00:00:00Z", 0, 0),
        ("", "Retry after 2026-99-99T00:00:00Z", 0, 0),
    ],
)
def test_when_to_ask_again(header: str, message: str, least: float, most: float) -> None:
    """In seconds or as a time that is gone, in the header or, as Gmail likes it, in the message."""
    found = fault(429, {"retry-after": header}, json.dumps({"error": {"message": message}}).encode())
    assert least <= found.after <= most


def test_when_to_ask_again_is_a_time_too() -> None:
    """In the form of HTTP in the header, in that of RFC 3339 in the message."""
    later = datetime.now(UTC) + timedelta(minutes=30)
    message = f"Retry after {later:%Y-%m-%dT%H:%M:%S}.123Z"
    for header, words in ((format_datetime(later, usegmt=True), ""), ("", message)):
        found = fault(429, {"retry-after": header}, json.dumps({"error": {"message": words}}).encode())
        assert 1500 <= found.after <= 1801


LABELS = Folders(
    read(Labels, b'{"labels": [{"id": "Label_1", "name": "Work"}, {"id": "Label_2", "name": "inbox"}, {"id": "DRAFT",'
    b'"name": "DRAFT", "type": "system"}]}')
)  # fmt: skip
TELLING = st.frozensets(st.sampled_from(["INBOX", "SENT", "Label_1", "UNREAD", "STARRED"]))


@given(TELLING)
def test_labels_survive_being_folders_and_flags(labels: frozenset[str]) -> None:
    """What a message is tells its labels again, so the history can go on from there."""
    state = LABELS.state(labels)
    assert LABELS.labels(state) == labels
    assert (state.folders == {ALL_MAIL}) == (not labels & {"INBOX", "SENT", "Label_1"})


@given(TELLING, st.sampled_from(sorted(LEFT_OUT)))
def test_what_is_left_out_is_nowhere(labels: frozenset[str], out: str) -> None:
    """Whatever else it is."""
    assert LABELS.state(labels | {out}) == GONE


def test_a_label_with_a_name_of_gmails_own_is_no_folder() -> None:
    """Or its messages would be taken for those of another."""
    assert LABELS.names == {"INBOX", "[Gmail]/Sent Mail", "[Gmail]/All Mail", "Work"}
