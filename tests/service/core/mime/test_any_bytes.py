"""Any bytes are a message: arbitrary ones, honest ones that were damaged, and structures that are broken on purpose."""

from __future__ import annotations

from datetime import UTC
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from service.core.email import Email
from service.core.mime import LIMITS, parse, parse_headers
from tests.service.core.mime.test_message import REPLY

TYPES = [
    b"text/plain", b"text/html", b"text/plain; charset=utf-16", b"text/plain; charset=iso-2022-kr; format=flowed",
    b"multipart/mixed; boundary=b", b"multipart/alternative; boundary=c", b"multipart/related",
    b"multipart/digest; boundary=b", b"message/rfc822", b"application/ms-tnef; name*=utf-8''%00%FF", b"text/calendar",
    b"text", b'multipart/mixed; boundary="b\\"',
]  # fmt: skip
ENCODINGS = [b"7bit", b"base64", b"quoted-printable", b"x-uuencode", b"none"]
BODIES = [
    b"hello\n", b"<p>hello<blockquote>a", b"> quoted\n\nanswer\n", b"On 1.1.2024, a@b wrote:\n> x\n", b"-- \nAda\n",
    b"aGVsbG8=\n", b"=E4=\n", b"\0\xff\xfe\n", b"--b\n", b"--c\n", b"--b--\n", b"--c--\n", b"\n", b"\r",
    b"From: a\nSent: b\nTo: c\nSubject: d\n",
]  # fmt: skip


def check(email: Email) -> None:
    """What holds of every Email, and lets a database store it."""
    texts = [email.subject, email.message_id, email.text, email.html, email.body, email.quoted, email.signature]
    texts += [*email.in_reply_to, *email.references, *email.defects]
    texts += [text for mailbox in (*email.reply_to, *email.to, *email.cc) for text in (mailbox.name, mailbox.address)]
    texts += [email.sender.name, email.sender.address] if email.sender else []
    texts += [text for attachment in email.attachments for text in (attachment.name, attachment.type)]
    texts += [text for name, values in email.headers.items() for text in (name, *values)]
    for text in texts:
        assert "\0" not in text
        text.encode()
    assert len(email.text) <= LIMITS.text
    assert email.sent is None or email.sent.tzinfo is UTC
    assert all(attachment.size >= 0 for attachment in email.attachments)
    assert len(email.body) + len(email.quoted) + len(email.signature) <= len(email.text)


@given(st.binary())
def test_arbitrary_bytes_are_a_message(raw: bytes) -> None:
    """Nothing raises, and every text can be stored."""
    check(parse(raw))
    check(parse_headers(raw))


@given(st.integers(), st.integers(1, 60), st.booleans())
def test_a_damaged_message_is_a_message(seed: int, damages: int, cut: bool) -> None:
    """Bytes that are changed, lost and repeated anywhere leave something to read."""
    random = Random(seed)  # noqa: S311
    raw = bytearray(REPLY)
    for _ in range(damages):
        at = random.randrange(len(raw))
        raw[at : at + random.randrange(3)] = random.choice([random.randbytes(1), b"", b"\n", b"--", raw[at : at + 40]])
    raw = raw[: random.randrange(len(raw))] if cut and raw else raw
    check(parse(bytes(raw)))


HEADER = st.one_of(
    st.sampled_from(TYPES).map(lambda value: b"Content-Type: " + value + b"\n"),
    st.sampled_from(ENCODINGS).map(lambda value: b"Content-Transfer-Encoding: " + value + b"\n"),
    st.sampled_from(
        [
            b"Content-Disposition: attachment\n",
            b"Subject: =?utf-7?q?+2AA-?=\n",
            b"From: <\xff@b>\n",
            b"broken\n",
            b" folded\n",
        ]
    ),
)
PART = st.tuples(
    st.lists(HEADER, max_size=3).map(b"".join), st.lists(st.sampled_from(BODIES), max_size=6).map(b"".join)
).map(b"\n".join)


@given(
    st.lists(st.one_of(PART, st.sampled_from([b"--b\n", b"--c\n", b"--b--\n", b"--c--"])), max_size=12).map(b"".join)
)
def test_any_structure_is_a_message(raw: bytes) -> None:
    """Boundaries that cross each other, multiparts in text, text in multiparts, encodings that do not fit."""
    check(parse(raw))
