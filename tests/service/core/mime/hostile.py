"""Messages of about 5 MB that are made to be slow to read, by what they attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 5_000_000
PLAIN = b"From: Eve <eve@example.org>\nSubject: hello\n"
HTML = PLAIN + b"Content-Type: text/html; charset=utf-8\n\n"
MIXED = PLAIN + b"Content-Type: multipart/mixed; boundary=b\n\n"


def filled(unit: bytes, start: bytes = b"", end: bytes = b"") -> bytes:
    """A message of `SIZE` bytes that repeats `unit`."""
    return start + unit * ((SIZE - len(start) - len(end)) // len(unit)) + end


def _nested(multiparts: int) -> bytes:
    opened = (b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(multiparts))
    return PLAIN + b"".join(opened) + b"\nthe end\n"


def _nested_alike(multiparts: int, lines: bytes) -> bytes:
    opened = (
        b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (b"a" * n, b"a" * n) for n in range(1, multiparts)
    )
    return filled(lines, PLAIN + b"".join(opened))


def _fonts() -> bytes:
    opened = b"".join(b"<font size=%d>" % n for n in range(7_000))
    return HTML + b"<p>" + opened + b"</p>" + b"<p>x</p>" * 3_500


def _parts(part: bytes) -> bytes:
    return filled(b"\n--b\n" + part, MIXED)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing but NUL": lambda: filled(b"\0"),
    "empty lines": lambda: filled(b"\n"),
    "carriage returns": lambda: filled(b"\r"),
    "one line": lambda: filled(b"a"),
    "millions of header fields": lambda: filled(b"A:\n"),
    "header fields of different names": lambda: b"".join(b"X%d: y\n" % n for n in range(450_000)),
    "lines that are no header fields": lambda: filled(b"aa\n", PLAIN),
    "one giant header": lambda: filled(b"a ", b"Subject: "),
    "one giant folded header": lambda: filled(b"\n a", b"Subject: a"),
    "a giant Content-Type": lambda: filled(b"; a", b"Content-Type: text/plain"),
    "a Content-Type of blanks": lambda: filled(b" ;", b"Content-Type: text/plain"),
    "a Content-Type of quotes": lambda: filled(b'\\"', b'Content-Type: text/plain; a="'),
    "RFC 2231 sections": lambda: (
        b"Content-Type: a/b" + b"".join(b";\n name*%d*=%%61" % n for n in range(300_000)) + b"\n\n"
    ),
    "encoded words": lambda: filled(b"=?utf-8?q?a?= ", b"Subject: "),
    "encoded words of many charsets": lambda: (
        b"Subject: " + b" ".join(b"=?x%d?q?=E4?=" % n for n in range(300_000)) + b"\n\n"
    ),
    "encoded words without an end": lambda: filled(b"=?a?b?", b"Subject: "),
    "beginnings of encoded words": lambda: filled(b"=?", b"Subject: "),
    "question marks": lambda: filled(b"?=", b"Subject: =?a?q?"),
    "encoded words in headers without number": lambda: filled(b"Subject: =?x?b?w6Q=?=\n"),
    "addresses": lambda: filled(b"a@example.org, ", b"To: "),
    "addresses in many lines": lambda: filled(b"To: a@example.org\n"),
    "addresses of nothing but commas": lambda: filled(b",", b"To: "),
    "an address of angle brackets": lambda: filled(b"<", b"From: "),
    "an address of open comments": lambda: filled(b"(", b"From: "),
    "an address of escaped quotes": lambda: filled(b'\\"', b'From: "'),
    "an address of backslashes": lambda: filled(b"\\", b'From: "'),
    "an address of at signs": lambda: filled(b"@ ", b"From: "),
    "references": lambda: filled(b"<a@b>\n ", b"References: "),
    "references without an end": lambda: filled(b"<", b"References: "),
    "a date without an end": lambda: filled(b"1 ", b"Date: "),
    "100,000 nested multiparts": lambda: _nested(100_000),
    "nested multiparts whose boundaries begin alike": lambda: _nested_alike(30, b"--aaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n"),
    "nested multiparts over empty lines": lambda: _nested_alike(30, b"\n"),
    "nested multiparts over dashes": lambda: _nested_alike(30, b"-"),
    "nested multiparts over the beginnings of boundaries": lambda: _nested_alike(30, b"\n--"),
    "parts": lambda: _parts(b"\nx"),
    "parts without content": lambda: filled(b"--b\n", MIXED),
    "parts that are multiparts without a boundary": lambda: _parts(b"Content-Type: multipart/mixed; boundary=z\n\nx"),
    "parts with a wrong boundary": lambda: _parts(
        b"Content-Type: multipart/mixed; boundary=z\n\n--y\nContent-Type: text/plain\n\nx"
    ),
    "parts of HTML": lambda: _parts(b"Content-Type: text/html\n\n" + b"<div>" * 1_000),
    "parts in quoted-printable": lambda: _parts(
        b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=" + b"=3D=" * 1000
    ),
    "lines that look like a boundary": lambda: filled(b"--bb\n", MIXED),
    "the beginnings of boundaries": lambda: filled(b"--", MIXED),
    "a boundary that is never closed": lambda: filled(b"text\n", MIXED + b"--b\n\n"),
    "base64": lambda: filled(b"YWJj", PLAIN + b"Content-Transfer-Encoding: base64\n\n"),
    "base64 padding": lambda: filled(b"=", PLAIN + b"Content-Transfer-Encoding: base64\n\n"),
    "base64 in pieces": lambda: filled(b"YQ==", PLAIN + b"Content-Transfer-Encoding: base64\n\n"),
    "quoted-printable": lambda: filled(b"=", PLAIN + b"Content-Transfer-Encoding: quoted-printable\n\n"),
    "quoted-printable blanks": lambda: filled(b"= ", PLAIN + b"Content-Transfer-Encoding: quoted-printable\n\n"),
    "quoted-printable and one long run of blanks": lambda: filled(
        b" ", PLAIN + b"Content-Transfer-Encoding: quoted-printable\n\n=", b"x"
    ),
    "uuencode": lambda: filled(b"#86)C\n", PLAIN + b"Content-Transfer-Encoding: x-uuencode\n\n"),
    "uuencode in lines without data": lambda: filled(b"x\n", PLAIN + b"Content-Transfer-Encoding: x-uuencode\n\n"),
    "UTF-7": lambda: filled(b"+2AA-", PLAIN + b"Content-Type: text/plain; charset=utf-7\n\n"),
    "UTF-16": lambda: filled(b"\x00\xd8", PLAIN + b"Content-Type: text/plain; charset=utf-16\n\n"),
    "ISO-2022-JP escapes": lambda: filled(
        b"\x1b$B\x1b(B", PLAIN + b"Content-Type: text/plain; charset=iso-2022-jp\n\n"
    ),
    "punycode": lambda: filled(b"a", PLAIN + b"Content-Type: text/plain; charset=punycode\n\n", b"-\x80"),
    "flowed lines": lambda: filled(b"a \n", PLAIN + b"Content-Type: text/plain; format=flowed\n\n"),
    "flowed quotes": lambda: filled(b"> ", PLAIN + b"Content-Type: text/plain; format=flowed\n\n"),
    "a line of quotes": lambda: filled(b">", PLAIN + b"\n"),
    "lines of quotes": lambda: filled(b">\n", PLAIN + b"\n"),
    "quotes and answers": lambda: filled(b"> a\n\nb\n", PLAIN + b"\n"),
    "lines that introduce a quote": lambda: filled(b"On 1.1.2024 a wrote:\n", PLAIN + b"\n"),
    "lines that introduce nothing": lambda: filled(b"On a:\n", PLAIN + b"\n"),
    "lines of From:": lambda: filled(b"From: a\n", PLAIN + b"\n"),
    "signatures": lambda: filled(b"-- \n", PLAIN + b"\n"),
    "a rule without an end": lambda: filled(b"_", PLAIN + b"\n"),
    "Sent from": lambda: filled(b"sent from a ", PLAIN + b"\n"),
    "HTML of angle brackets": lambda: filled(b"<", HTML),
    "HTML of ampersands": lambda: filled(b"&a", HTML),
    "HTML of entities": lambda: filled(b"&aaaaaaaa;", HTML),
    "HTML of as many entities as are read": lambda: HTML + b"&aaaaaaaa;" * 39_000,
    "HTML nested deeply": lambda: filled(b"<div>", HTML),
    "HTML nested as deeply as is read": lambda: HTML + b"<div>" * 14_900,
    "lists nested as deeply as is read": lambda: HTML + b"<ol><li>" * 7_450,
    "quotes nested as deeply as is read": lambda: HTML + b"<blockquote>x" * 14_900,
    "tables nested as deeply as is read": lambda: HTML + b"<table><tr><td>x" * 4_900,
    "links nested as deeply as is read": lambda: HTML + b"<a href='http://example.org'><table>" * 7_450,
    "formatting that each block opens again": _fonts,
    "HTML comments": lambda: filled(b"<!--", HTML),
    "HTML scripts": lambda: filled(b"<script>", HTML),
    "one HTML attribute": lambda: filled(b"a", HTML + b"<img src='data:"),
    "HTML attributes": lambda: HTML + b"<a " + b" ".join(b"a%d=1" for n in range(400_000)),
    "one HTML style": lambda: filled(b"display:none;", HTML + b"<p style='"),
    "HTML declarations of a charset": lambda: filled(b"<meta ", PLAIN + b"Content-Type: text/html\n\n"),
    "HTML of blanks": lambda: filled(b" ", HTML),
    "HTML cells": lambda: HTML + b"<table><tr>" + b"<td>" * 14_000,
}
