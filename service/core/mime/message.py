"""Bytes to an Email. Any bytes: nothing raises, and what cannot be read is said in the defects."""

from __future__ import annotations

from itertools import islice

from service.core.email import Address, Attachment, Email
from service.core.mime.addresses import read_addresses
from service.core.mime.content import Content, read_attachment, read_content
from service.core.mime.dates import read_date
from service.core.mime.headers import Headers, read_headers
from service.core.mime.ids import oldest_and_newest, read_ids
from service.core.mime.limits import LIMITS, Defects, Limits
from service.core.mime.parts import read_message
from service.core.mime.words import decode_words
from service.core.quotes import split_quotes


def parse(raw: bytes, *, limits: Limits = LIMITS) -> Email:
    """Read a whole message (RFC 5322, MIME). Never raises; time grows with the length of `raw`, not faster."""
    defects = Defects()
    message = read_message(raw, limits, defects)
    return _email(message.headers, read_content(message, limits, defects), limits, defects)


def parse_headers(raw: bytes, why: str = "it is larger than the limit", *, limits: Limits = LIMITS) -> Email:
    """Read the headers alone, of a message that is not kept whole; a defect says `why`."""
    defects = Defects()
    data = raw[: 2 * limits.header_bytes].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    headers, _ = read_headers(data, 0, len(data), limits, defects)
    defects.add(f"{why}; only its headers are kept")
    return _email(headers, Content("", "", ()), limits, defects)


def attached(raw: bytes, number: int, *, limits: Limits = LIMITS) -> tuple[Attachment, bytes] | None:
    """The attachment at that place of `parse(raw).attachments`, from 1 on, with its bytes; None where there is none.

    Never raises. Lines of one that is not encoded end with LF.
    """
    return read_attachment(read_message(raw, limits, Defects()), number)


def _email(headers: Headers, content: Content, limits: Limits, defects: Defects) -> Email:
    sender = _addresses(headers, "from", limits, defects)
    if not sender:
        defects.add("its From holds no address" if headers.all("from") else "it has no From")
    sent = read_date(headers.first("date"))
    if sent is None:
        defects.add("its Date is no date" if headers.all("date") else "it has no Date")
    message_id = next(iter(read_ids(headers.all("message-id")[:1])), "")
    if not message_id:
        defects.add("it has no Message-ID")
    pieces = split_quotes(content.text)
    return Email(
        message_id=message_id,
        in_reply_to=oldest_and_newest(read_ids(headers.all("in-reply-to")), limits.references),
        references=oldest_and_newest(read_ids(headers.all("references")), limits.references),
        subject=" ".join(decode_words(headers.first("subject")).split()),
        sender=sender[0] if sender else None,
        reply_to=_addresses(headers, "reply-to", limits, defects),
        to=_addresses(headers, "to", limits, defects),
        cc=_addresses(headers, "cc", limits, defects),
        sent=sent,
        headers=headers.decoded(),
        text=content.text,
        html=content.html,
        body=pieces.body,
        quoted=pieces.quoted,
        signature=pieces.signature,
        attachments=content.attachments,
        defects=tuple(defects),
    )


def _addresses(headers: Headers, name: str, limits: Limits, defects: Defects) -> tuple[Address, ...]:
    values = headers.all(name)
    if not values:
        return ()
    found = tuple(islice(read_addresses(", ".join(values)), limits.addresses + 1))
    if len(found) > limits.addresses:
        defects.add(f"a header names more than {limits.addresses:,} addresses; the rest is not kept apart")
    return tuple(dict.fromkeys(found[: limits.addresses]))
