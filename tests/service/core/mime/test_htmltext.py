"""HTML to text: what a person would read."""

from __future__ import annotations

import pytest

from service.core.mime.html import Sanitiser
from service.core.mime.htmltext import strip_tags, to_text
from service.core.mime.limits import LIMITS, Defects


def read(html: str) -> str:
    """The text of any HTML."""
    return to_text(Sanitiser(LIMITS, Defects()).clean(html) or "")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("hello", "hello"),
        ("  hello\n  <b>you</b> &amp; me &lt;3&nbsp;", "hello you & me <3"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>three", "one\ntwo\nthree"),
        ("one<br>two<br><br><br><br>three", "one\ntwo\n\nthree"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("<pre>a\n  b\n\n\nc</pre>d", "a\n  b\n\n\nc\n\nd"),
        ("<ul><li>one</li><li>two<ul><li>three</li></ul></li></ul>", "- one\n- two\n  - three"),
        ("<ol start=3><li>one<li>two</ol>", "3. one\n4. two"),
        ("<li>lone</li>", "- lone"),
        ("<hr>", "-" * 20),
        (
            "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea</td><td>3 €</td></tr></table>",
            "Item | Price\nTea | 3 €",
        ),
        ("<table><tr><td></td><td><table><tr><td>layout</td></tr></table></td></tr></table>", "layout"),
        ("<blockquote>one<br>two<blockquote>three</blockquote></blockquote>four", "> one\n> two\n>\n> > three\n\nfour"),
        ("a <a href='https://x.example/y'>link</a>.", "a link <https://x.example/y>."),
        ("<a href='https://x.example/y'>x.example/y</a>", "x.example/y"),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example"),
        ("<a href='https://x.example/?a=1&amp;b=2'>link</a>", "link <https://x.example/?a=1&b=2>"),
        ("<a href='https://x.example/" + "y" * 200 + "'>link</a>", "link <https://x.example/…>"),
        ("<a href='https://x.example/y'><div>Button</div></a>", "Button <https://x.example/y>"),
        ("<a href='https://x.example/y'><img src='http://x.example/i.gif'></a>", ""),
        ("<img src='http://x.example/i.gif' alt='Our shop'>", "Our shop"),
        ("<div style='display:none'>pre<b>view</b><br></div>shown", "shown"),
        ("<span style='visibility: hidden'>no</span><p>yes", "yes"),
        ("<p title='a > b'>c", "c"),
    ],
)
def test_html_is_read(html: str, text: str) -> None:
    """Paragraphs, lists, tables, quotes and links are still to be recognised; what is hidden is left out."""
    assert read(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p>two &amp; three", "one\ntwo & three"),
        ("a<!-- b -->c<!-- d", "ac d"),
        ("<style>a { b }</style>c<SCRIPT src=x>d</SCRIPT >e<script>f", "c\ne"),
        ("<title>a</title>b", "b"),
        ("1 < 2", "1"),
    ],
)
def test_any_html_can_be_read_roughly(html: str, text: str) -> None:
    """Without knowing more of it than where its tags are."""
    assert strip_tags(html) == text
