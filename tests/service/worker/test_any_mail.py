"""Whatever arrives is kept and understood on every database: none of it stops a mailbox."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.mail.source import Arrival, Cursor
from service.store.tables import Analysis, Message, Raw
from tests.service.core.mime.test_any_bytes import PART
from tests.service.store.followed import arrival, raw
from tests.service.worker.test_understanding import all_of, understand_all

if TYPE_CHECKING:
    from tests.service.store.followed import Mailbox


def noise(length: int) -> bytes:
    """As many characters of four bytes each, which no compression makes shorter."""
    random = Random(length)  # noqa: S311  # the same each time
    return "".join(chr(random.randint(0x20000, 0x2A6DF)) for _ in range(length)).encode()


def words(length: int) -> bytes:
    """As many of them, each a word of its own."""
    text = noise(length).decode()
    return " ".join(text).encode()


FROM = b"From: Ann <ann@example.com>\n"
DATE = b"Date: Mon, 2 Nov 2026 09:30:00 +0000\n"
HOSTILE = {
    "a Message-ID of a line": FROM + DATE + b"Message-ID: <" + noise(990) + b">\n\nhi\n",
    "a Message-ID of 100 kB": FROM + DATE + b"Message-ID: <" + b"x" * 100_000 + b"@b>\n\nhi\n",
    "references of a line each": FROM
    + b"References:"
    + b"".join(b"\n <" + noise(900 + number) + b">" for number in range(60))
    + b"\n\nhi\n",
    "a subject of 240 kB": FROM + DATE + b"Subject: Re: " + noise(60_000) + b"\n\nhi\n",
    "more words than an index takes": FROM + DATE + b"Subject: " + words(50_000) + b"\n\n" + words(200_000),
    "a word of 900 kB": FROM + DATE + b"\n" + b"x" * 900_000,
    "a name of 100 kB": DATE + b"From: " + noise(25_000) + b" <a@b>\n\nhi\n",
    "long addresses": FROM
    + b"To: "
    + b", ".join(noise(100 + number % 200) + b"@example.com" for number in range(300))
    + b"\n\nhi\n",
    "NUL everywhere": b"Subject: a\0b =?utf-8?q?c=00d?=\nFrom: \0A <a\0@b>\nMessage-ID: <\0@b>\nX-\0: \0\n"
    b'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\0\n--b\nContent-Disposition: attachment; filename="\0%00"'
    b"\nContent-Type: application/x; name*=utf-8''%00%ed%a0%80\n\n\0\n--b--\n",
    "half a surrogate pair": b"Subject: =?utf-7?q?+2AA-?= =?utf-8?q?=ed=a0=80?=\nFrom: =?utf-7?q?+2AA-?= <a@b>\n\n"
    b"\xed\xa0\x80\n",
    "the year 1": FROM + b"Date: Mon, 1 Jan 0001 00:00:00 +0000\nSubject: Re: the first\n\nLet us meet yesterday.\n",
    "before the year 1": FROM + b"Date: Mon, 1 Jan 0001 00:00:00 +1400\n\nhi\n",
    "the year 9999": FROM + b"Date: Fri, 31 Dec 9999 23:59:59 +0000\nSubject: Re: the last\n\nCan we meet tomorrow?\n",
    "after the year 9999": FROM + b"Date: Fri, 31 Dec 9999 23:59:59 -1400\n\nhi\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_message_is_kept_and_understood(mailbox: Mailbox, content: bytes) -> None:
    """With those beside it, and its bytes are as they came; so is one that differs in its text alone."""
    mailbox.inbox().deliver("INBOX", [arrival(1), arrival(2, content), arrival(3)], Cursor(7, 4))
    mailbox.inbox().deliver("INBOX", [arrival(4, b"X-Other: 1\n" + content)], Cursor(7, 5))
    understand_all(mailbox)
    assert len(all_of(mailbox, Analysis)) == len(all_of(mailbox, Message)) >= 3
    assert content in [kept.data for kept in all_of(mailbox, Raw)]


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_message_of_any_time_is_kept(mailbox: Mailbox, moment: datetime) -> None:
    """Of the first moment that there is, and of the last one."""
    content = raw(1)
    mailbox.inbox().deliver("INBOX", [Arrival(uid=1, raw=content, received_at=moment, size=len(content))], Cursor(7, 2))
    understand_all(mailbox)
    assert [message.received_at for message in mailbox.messages()] == [moment]


def test_any_bytes_are_kept_and_understood(mailbox: Mailbox) -> None:
    """Arbitrary ones, and messages whose structure is broken."""
    arrived: list[bytes] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(st.binary(), PART, PART.map(FROM.__add__)), min_size=1, max_size=8))
    def whatever(contents: list[bytes]) -> None:
        first = len(arrived) + 1
        arrivals = [arrival(uid, content) for uid, content in enumerate(contents, first)]
        arrived.extend(contents)
        mailbox.inbox().deliver("INBOX", arrivals, Cursor(7, len(arrived) + 1))
        understand_all(mailbox)

    whatever()
    assert len(mailbox.inbox().known("INBOX", 7)) == len(arrived)
    assert len(all_of(mailbox, Analysis)) == len(all_of(mailbox, Message))
    assert {kept.data for kept in all_of(mailbox, Raw)} <= set(arrived)
