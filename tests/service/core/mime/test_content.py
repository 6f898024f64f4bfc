"""What is shown of a message, and what is attached to it."""

from __future__ import annotations

import pytest

from service.core.email import Attachment
from service.core.mime import parse

HEADERS = b"From: Ada <ada@example.org>\nDate: Tue, 5 Mar 2024 09:00:00 +0100\nMessage-ID: <1@example.org>\n"


def multipart(subtype: str, *parts: bytes, boundary: bytes = b"b") -> bytes:
    """The headers and the body of a multipart; each part has its headers, a blank line and its body."""
    delimiter = b"--" + boundary
    body = b"".join(b"%s\n%s\n" % (delimiter, part) for part in parts)
    return b"Content-Type: multipart/%s; boundary=%s\n\n%s%s--" % (subtype.encode(), boundary, body, delimiter)


PLAIN = b"Content-Type: text/plain; charset=utf-8\n\nhello"
HTML = b"Content-Type: text/html; charset=utf-8\n\n<p>hello <i>you</i></p>"
PDF = b"Content-Type: application/pdf; name=a.pdf\n\n%PDF"


def test_of_alternatives_the_text_is_the_text_and_the_html_is_the_html() -> None:
    """Neither is made from the other."""
    email = parse(HEADERS + multipart("alternative", PLAIN, HTML))
    assert (email.text, email.html, email.attachments) == ("hello", "<p>hello <i>you</i></p>", ())


@pytest.mark.parametrize("plain", [b"", b" \n\n"])
def test_the_text_is_made_from_the_html_where_there_is_no_other(plain: bytes) -> None:
    """An empty text part is none."""
    assert parse(HEADERS + multipart("alternative", b"Content-Type: text/plain\n\n" + plain, HTML)).text == "hello you"
    assert parse(HEADERS + HTML).text == "hello you"


def test_texts_around_an_attachment_are_all_read() -> None:
    """And all are in the HTML, so that it is never less than the text; a plain one stands there as it is."""
    email = parse(HEADERS + multipart("mixed", PLAIN, PDF, HTML, b"Content-Type: text/plain\n\n1 < 2 & 3"))
    assert email.text == "hello\n\nhello you\n\n1 < 2 & 3"
    assert email.html == "<pre>hello</pre>\n<p>hello <i>you</i></p>\n<pre>1 &lt; 2 &amp; 3</pre>"
    assert email.attachments == (Attachment("a.pdf", "application/pdf", 4),)


def test_related_parts_of_an_alternative_are_attachments() -> None:
    """The picture within the HTML is found by its name."""
    picture = (
        b"Content-Type: image/png; name=logo.png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
    )
    html = b'Content-Type: text/html\n\n<img src="cid:logo" alt="Logo">'
    email = parse(HEADERS + multipart("alternative", PLAIN, multipart("related", html, picture, boundary=b"c")))
    assert email.text == "hello"
    assert 'src="cid:logo"' in email.html
    assert email.attachments == (Attachment("logo.png", "image/png", 8),)


def test_html_in_pieces_around_an_attachment_is_one() -> None:
    """Apple Mail writes such an alternative."""
    inner = multipart(
        "mixed", b"Content-Type: text/html\n\n<p>one</p>", PDF, b"Content-Type: text/html\n\n<p>two</p>", boundary=b"c"
    )
    email = parse(HEADERS + multipart("alternative", b"Content-Type: text/plain\n\none two", inner))
    assert (email.text, email.html) == ("one two", "<p>one</p>\n<p>two</p>")
    assert email.attachments[0].type == "application/pdf"


def test_a_text_file_is_an_attachment() -> None:
    """By its disposition, or by its name where other text is expected."""
    attached = b"Content-Type: text/plain\nContent-Disposition: attachment\n\nfile one"
    named = b"Content-Type: text/plain; name=two.txt\n\nfile two"
    email = parse(HEADERS + multipart("mixed", PLAIN, attached, named))
    assert email.text == "hello"
    assert email.attachments == (Attachment("", "text/plain", 8), Attachment("two.txt", "text/plain", 8))


def test_a_message_that_is_a_file_is_an_attachment() -> None:
    """A fax machine sends such ones."""
    email = parse(HEADERS + b"Content-Disposition: attachment; filename=fax.pdf\n" + PDF)
    assert (email.text, email.attachments) == ("", (Attachment("fax.pdf", "application/pdf", 4),))


def test_an_invitation_is_seen_by_its_type() -> None:
    """Also where it is only another form of the text."""
    invitation = b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\nBEGIN:VCALENDAR"
    email = parse(HEADERS + multipart("alternative", PLAIN, HTML, invitation))
    assert email.text == "hello"
    assert email.attachments == (Attachment("", "text/calendar", 15),)


def test_another_form_of_the_text_is_not_listed_as_a_file() -> None:
    """Such as AMP, which nobody opens."""
    assert (
        parse(
            HEADERS + multipart("alternative", PLAIN, b"Content-Type: text/x-amp-html\n\n<html amp4email>", HTML)
        ).attachments
        == ()
    )


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (b"Content-Type: application/ms-tnef; name=winmail.dat\n\nx", "TNEF"),
        (b"Content-Type: application/octet-stream; name=WINMAIL.DAT\n\nx", "TNEF"),
        (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx", "S/MIME"),
        (multipart("encrypted", b"Content-Type: application/pgp-encrypted\n\nVersion: 1", boundary=b"e"), "OpenPGP"),
        (b"Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA", "OpenPGP"),
    ],
)
def test_what_cannot_be_read_is_said(part: bytes, words: str) -> None:
    """In words that a person understands."""
    defects = parse(HEADERS + multipart("mixed", part)).defects
    assert len(defects) == 1
    assert words in defects[0]
    assert "not read" in defects[0]


def test_a_signature_is_an_attachment() -> None:
    """It is not checked, and hides nothing."""
    signature = b"Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----"
    email = parse(HEADERS + multipart("signed", PLAIN, signature))
    assert (email.text, email.defects) == ("hello", ())
    assert email.attachments[0].type == "application/pgp-signature"


@pytest.mark.parametrize(
    ("part", "text", "defects"),
    [
        (
            "Content-Type: text/plain; charset=us-ascii\n\n„hé“".encode("cp1252"),
            "„hé“",
            ("a text is not in the charset that it declares",),
        ),
        (
            "Content-Type: text/plain; charset=iso-8859-1\n\nhé".encode(),
            "hé",
            ("a text is not in the charset that it declares",),
        ),
        (
            "Content-Type: text/plain; charset=x-none\n\nhé".encode(),
            "hé",
            ("a text is not in the charset that it declares",),
        ),
        ("Content-Type: text/html\n\n<meta charset='windows-1251'>привет".encode("cp1251"), "привет", ()),
        (b"Content-Transfer-Encoding: base64\n\naGVsbG8", "hello", ("a part of it is broken base64",)),
        (b"Content-Transfer-Encoding: BASE64\n\naGVsbG8NCnlvdQ==", "hello\nyou", ()),
        (
            b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nh=C3=A9 =\nyou",
            "hé you",
            (),
        ),
        (b"Content-Type: text/plain; format=flowed; delsp=no\n\none \ntwo\n", "one two", ()),
        (b"Content-Type: text/plain; charset=utf-7\n\n+2AA-a\x00", "\ufffda", ()),
    ],
)
def test_a_text_is_decoded(part: bytes, text: str, defects: tuple[str, ...]) -> None:
    """Transfer encoding, charset, line ends and flowed lines, in this order."""
    email = parse(HEADERS + part)
    assert (email.text, email.defects) == (text, defects)


def test_html_with_too_many_tags_is_read_as_text_only() -> None:
    """Where showing it could take minutes, it is not shown."""
    email = parse(
        HEADERS + b"Content-Type: text/html\n\n<title>x</title><style>p {}</style><!-- no -->hello" + b"<p>you" * 15_000
    )
    assert email.text.startswith("hello\nyou\nyou\n")
    assert email.html.startswith("<pre>hello\nyou")
    assert email.defects == ("its HTML has too many tags to be shown; only its text is read",)


def test_html_that_is_too_long_is_shown_to_the_limit() -> None:
    """The rest is said to be missing."""
    email = parse(HEADERS + b"Content-Type: text/html\n\n<p>" + b"a " * 600_000)
    assert len(email.text) == 999_997
    assert email.defects == ("its HTML is too long; the rest is not shown",)
