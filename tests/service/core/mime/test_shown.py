"""A message's HTML on a page of its own."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from hypothesis import given

from service.core.mime.shown import PICTURES, show
from tests.service.core.mime.hostile import HOSTILE
from tests.service.core.mime.test_html import SNIPPETS

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
HEADERS = b"From: eve@example.com\nSubject: Hello\n"
LINK = 'target="_blank" rel="noopener noreferrer nofollow"'


def page(html: str, *, remote: bool = False) -> str:
    """The body for a message that is this HTML."""
    return show(HEADERS + b"Content-Type: text/html; charset=utf-8\n\n" + html.encode(), remote=remote)


def with_picture(html: str, picture: bytes = GIF, declared: bytes = b"image/gif", name: bytes = b"<logo@x>") -> bytes:
    """A message of this HTML, and a picture for it."""
    parts = (
        b"Content-Type: text/html; charset=utf-8\n\n" + html.encode(),
        b"Content-Type: " + declared + b"\nContent-ID: " + name + b"\nContent-Transfer-Encoding: base64\n\n"
        + b64encode(picture),
    )  # fmt: skip
    body = b"".join(b"--b\n" + part + b"\n" for part in parts)
    return HEADERS + b"Content-Type: multipart/related; boundary=b\n\n" + body + b"--b--\n"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<a href='https://x.example'>a</a>", f'<a href="https://x.example" {LINK}>a</a>'),
        ("<a href='mailto:a@x.example' target=_top>a</a>", f'<a href="mailto:a@x.example" {LINK}>a</a>'),
        ("<a href='javascript:x()'>a</a>", f"<a {LINK}>a</a>"),
        ("<a href='cid:logo@x'>a</a>", '<a rel="noopener noreferrer nofollow" target="_blank">a</a>'),
        ("<a href='#top'>a</a>", f"<a {LINK}>a</a>"),
        ("<p style='color:red;display:none'>a</p>", '<p style="display:none">a</p>'),
        ("<p style='background:url(https://x.example)'>a</p>", "<p>a</p>"),
        ("<p class=a id=b name=c onclick=d>a</p>", "<p>a</p>"),
        ("<style>p {color: red}</style><base href=//x><meta http-equiv=refresh content='0;//x'>a", "a"),
        ("<form action=//x><input name=a><button formaction=//x>b</button></form>", "b"),
    ],
)
def test_links_lead_out_of_the_page_and_nothing_else_leads_anywhere(html: str, shown: str) -> None:
    """Each opens a window that knows nothing of the page."""
    assert page(html) == shown


@pytest.mark.parametrize(
    ("src", "shown"),
    [
        ("https://x.example/a.png", "https://x.example/a.png"),
        ("HTTPS://x.example/a.png", "HTTPS://x.example/a.png"),
        ("http://x.example/a.png", None),
        ("//x.example/a.png", None),
        ("data:image/png;base64,AAAA", None),
        ("cid:nowhere", None),
        ("ht\ntps://x.example/a.png", None),
        ("mailto:a@x.example", None),
    ],
)
def test_pictures_of_others_are_there_when_they_are_asked_for(src: str, shown: str | None) -> None:
    """Over https alone."""
    assert page(f"<img alt=hi src='{src}'>") == '<img alt="hi">'
    expected = '<img alt="hi">' if shown is None else f'<img alt="hi" src="{shown}">'
    assert page(f"<img alt=hi src='{src}'>", remote=True) == expected


@pytest.mark.parametrize("source", ["cid:logo@x", "CID:logo%40x"])
def test_pictures_of_the_message_are_on_the_page(source: str) -> None:
    """By their Content-ID, with which the HTML names them."""
    shown = show(with_picture(f"<img src='{source}'>"), remote=False)
    assert shown == f'<img src="data:image/gif;base64,{b64encode(GIF).decode()}">'


@pytest.mark.parametrize("declared", [b"image/svg+xml", b"text/html", b"text/plain", b"application/octet-stream"])
def test_only_pictures_that_cannot_run_anything_are(declared: bytes) -> None:
    """Not SVG, and nothing that is no picture."""
    assert show(with_picture("<img src='cid:logo@x'>", declared=declared), remote=False).startswith("<img>")


def test_a_part_without_a_name_is_no_picture() -> None:
    """An empty Content-ID names nothing."""
    assert show(with_picture("<img src='cid:'>", name=b"<>"), remote=False) == "<img>"


def test_a_picture_that_is_shown_often_does_not_multiply_without_end() -> None:
    """There is room for so many characters on a page."""
    shown = show(with_picture("<img src='cid:logo@x'>" * 10_000, picture=GIF + b"\0" * 100_000), remote=False)
    assert PICTURES / 2 < len(shown) < PICTURES + 200_000
    assert shown.endswith("<img>")


def test_a_text_is_shown_as_it_is() -> None:
    """Where there is no HTML; nothing in it is taken for a tag."""
    assert show(HEADERS + b"\n1 < 2\n<script>x()</script>", remote=True) == (
        "<pre>1 &lt; 2\n&lt;script&gt;x()&lt;/script&gt;</pre>"
    )


@given(SNIPPETS)
def test_any_html_becomes_harmless(html: str) -> None:
    """No tag, attribute, style or address that was not let in, with pictures of others or without."""
    for remote in (False, True):
        shown = page(html, remote=remote)
        assert not re.search(r"<(script|style|svg|math|base|meta|form|iframe)", shown)
        assert not re.search(r"<[^>]*\s(on\w+|href=\"(?!https?:|mailto:)|style=\"(?!display:none\"))", shown)
        assert not re.search(r"<img[^>]* src=\"(?!https:)" if remote else r"<img[^>]* src=", shown)


@pytest.mark.timeout(30)  # a guard against hanging, as in test_hostile
@pytest.mark.parametrize("name", [name for name in HOSTILE if "HTML" in name or "nested" in name])
def test_a_hostile_message_is_shown_in_linear_time(name: str) -> None:
    """5 MB that attack one step leave a page of bounded size."""
    assert len(show(HOSTILE[name](), remote=True)) < 5_000_000
