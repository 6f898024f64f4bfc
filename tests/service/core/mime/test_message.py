"""A message: its headers as values, its body in three pieces, its faults in words."""

from __future__ import annotations

from datetime import UTC, datetime

from service.core.email import Address, Attachment
from service.core.mime import parse, parse_headers

REPLY = b"""\
Return-Path: <grace@example.org>
Received: from mx.example.org by mail.example.net; Tue, 5 Mar 2024 09:00:02 +0100
Message-ID: <reply-2@example.org>
In-Reply-To: <question-1@example.net>
References: <root@example.net> <question-1@example.net>
From: =?utf-8?q?Grace_H=C3=B6pper?= <Grace@Example.ORG>
To: "Lovelace, Ada" <ada@example.net>, Bob <bob@example.net>
Cc: team:carol@example.net, dave@example.net;
Reply-To: office@example.org
Subject: =?utf-8?b?UmU6IMOcYmVyZ2FuZw==?= am
 Freitag
Date: Tue, 5 Mar 2024 09:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Friday at ten works, gr=C3=BC=C3=9F dich.

On Mon, 4 Mar 2024 at 18:00, Ada Lovelace <ada@example.net> wrote:
> When do we meet?

--=20
Grace
--inner
Content-Type: text/html; charset=utf-8

<p>Friday at <b>ten</b> works.</p>
--inner--
--outer
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjcK
--outer--
"""


def test_the_headers_become_values() -> None:
    """Addresses in lower case with decoded names, Message-IDs without brackets, the time in UTC."""
    email = parse(REPLY)
    assert email.sender == Address("Grace Höpper", "grace@example.org")
    assert email.to == (Address("Lovelace, Ada", "ada@example.net"), Address("Bob", "bob@example.net"))
    assert email.cc == (Address("", "carol@example.net"), Address("", "dave@example.net"))
    assert email.reply_to == (Address("", "office@example.org"),)
    assert email.subject == "Re: Übergang am Freitag"
    assert email.message_id == "reply-2@example.org"
    assert email.in_reply_to == ("question-1@example.net",)
    assert email.references == ("root@example.net", "question-1@example.net")
    assert email.sent == datetime(2024, 3, 5, 8, tzinfo=UTC)
    assert email.header("mime-version") == "1.0"
    assert email.defects == ()


def test_the_body_is_what_the_sender_wrote_now() -> None:
    """Quote and signature are apart; the HTML is beside the text; the file is an attachment with its decoded size."""
    email = parse(REPLY)
    assert email.body == "Friday at ten works, grüß dich."
    assert email.quoted.splitlines()[-1] == "> When do we meet?"
    assert email.signature == "-- \nGrace"
    assert email.html == "<p>Friday at <b>ten</b> works.</p>"
    assert email.attachments == (Attachment("plan.pdf", "application/pdf", 9),)


def test_a_message_over_the_limit_is_known_by_its_headers() -> None:
    """The headers are those of the whole message, there is no text, and a defect says why."""
    email = parse_headers(REPLY)
    assert email.headers == parse(REPLY).headers
    assert email.subject == "Re: Übergang am Freitag"
    assert (email.text, email.html, email.attachments) == ("", "", ())
    assert email.defects == ("it is larger than the limit; only its headers are kept",)


def test_no_bytes_at_all_are_a_message_too() -> None:
    """What is missing is named."""
    email = parse(b"")
    assert email.text == ""
    assert email.sender is None
    assert email.sent is None
    assert email.defects == ("it has no From", "it has no Date", "it has no Message-ID")
