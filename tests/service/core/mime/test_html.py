"""HTML: nothing in it runs, loads, submits or deceives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.html import Sanitiser, preformatted
from service.core.mime.htmltext import to_text
from service.core.mime.limits import LIMITS, Defects


def clean(html: str) -> str:
    """The sanitised HTML."""
    cleaned = Sanitiser(LIMITS, Defects()).clean(html)
    assert cleaned is not None
    return cleaned


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<p>hello</p><script>alert(1)</script>", "<p>hello</p>"),
        ("<style>p { background: url(http://x.example) }</style><p>hello</p>", "<p>hello</p>"),
        (
            '<p onclick="x()" class="a" id="b" style="color:red;background:url(http://x.example)">a</p>',
            '<p style="">a</p>',
        ),
        ("<form action='http://x.example'><input name=a value=b><button>Send</button></form>", "Send"),
        ("<svg><a xlink:href='javascript:x()'>a</a></svg>b", "b"),
        ("<iframe src='http://x.example'></iframe><object data=x></object><embed src=y>b", "b"),
        ("<base href='http://x.example'><meta http-equiv=refresh content='0;http://x.example'>b", "b"),
        ("<a href='javascript:x()'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href=' java\nscript:x()'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href='data:text/html,x'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href='//x.example'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href='cid:x'>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        (
            "<a href='http://x.example' target=_top>a</a>",
            '<a href="http://x.example" rel="noopener noreferrer nofollow">a</a>',
        ),
        ("<a href='mailto:a@x.example'>a</a>", '<a href="mailto:a@x.example" rel="noopener noreferrer nofollow">a</a>'),
        ("<img src='http://x.example/open.gif' alt=hi width=1>", '<img alt="hi" width="1">'),
        ("<img src='data:image/png;base64,x' srcset='http://x.example 2x'>", "<img>"),
        ("<img src='CID:logo@x'>", '<img src="CID:logo@x">'),
        ("<table background='http://x.example'><tr><td>a", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("<div style='display:none'>hidden</div>", '<div style="display:none">hidden</div>'),
        ("<!-- <p> -->a<![CDATA[b]]>", "a"),
        ("<title>a</title>b", "b"),
    ],
)
def test_only_what_is_harmless_is_kept(html: str, cleaned: str) -> None:
    """Text and its structure, links that say what they are, pictures of the message itself."""
    assert clean(html) == cleaned


SIGNS = [
    "<", ">", "</", "<!--", "-->", "<![CDATA[", "]]>", "<p>", "</p>", "<a", "<img", "<script>", "</script>",
    "<style>", "<svg>", "<math>", "<table>", "<td>", "<pre>", "<plaintext>", "<blockquote>", "</blockquote>", "<ul>",
    "<li>", "<br>", "href=", "src=", "style=", "onerror=", "javascript:x", "http://x.example", "cid:x", "'", '"', "/",
    "=", "&lt;", "&#0;", "&#xD800;", "&amp", "\0", "display:none", " ", "\n", "text",
]  # fmt: skip
SNIPPETS = st.lists(st.sampled_from(SIGNS)).map("".join)


@given(SNIPPETS)
def test_any_html_becomes_harmless(html: str) -> None:
    """No tag, attribute or address that was not let in, whatever it was made of."""
    cleaned = clean(html)
    assert not re.search(r"<(script|style|svg|math|img[^>]* src=\"(?!cid:))", cleaned)
    assert not re.search(r"<[^>]*\s(on\w+|href=\"(?!https?:|mailto:))", cleaned)


@given(SNIPPETS)
def test_sanitised_html_stays_what_it_is(html: str) -> None:
    """To sanitise it again brings no other tag and loses no word; what was nested wrongly may be nested otherwise."""
    once = clean(html)
    twice = clean(once)
    assert set(re.findall(r"<(\w+)", twice)) <= set(re.findall(r"<(\w+)", once)) | {"tbody", "tr"}
    assert re.sub(r"<[^>]*>|\s", "", twice) == re.sub(r"<[^>]*>|\s", "", once)


@given(SNIPPETS)
def test_the_text_of_any_html_has_no_tags(html: str) -> None:
    """What is left of angle brackets was text."""
    cleaned = clean(html)
    assert len(to_text(cleaned)) <= 12 * len(cleaned)
    assert "<blockquote" not in to_text(cleaned.replace("&lt;", ""))


@given(st.text())
def test_a_text_shown_as_html_is_that_text(text: str) -> None:
    """Nothing in it is taken for a tag."""
    shown = preformatted(text)
    assert shown.count("<") == 2
    assert clean(shown).count("<") == 2


def test_attributes_do_not_multiply_what_is_opened_again() -> None:
    """A browser opens formatting elements again in every block: thousands that all differ would fill the memory."""
    opened = "".join(f"<font size={number}>" for number in range(3_000))
    cleaned = clean(f"<p>{opened}</p>" + "<p>x</p>" * 3_000)
    assert len(cleaned) < 1_000_000
