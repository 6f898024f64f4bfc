"""HTML parts: sanitised with nh3, so that nothing in them runs, loads, submits or hides what it links to."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

import nh3

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.core.mime.limits import Defects, Limits

TAGS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption",
    "center", "cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em",
    "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img",
    "ins", "kbd", "li", "main", "mark", "nav", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span",
    "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr",
    "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
LEFT_OUT_WITH_CONTENT = {
    "applet", "audio", "canvas", "embed", "frame", "frameset", "iframe", "math", "noembed", "noframes", "noscript",
    "object", "script", "select", "style", "svg", "template", "textarea", "title", "video", "xml",
}  # fmt: skip
ATTRIBUTES = {
    "*": {"align", "dir", "lang", "style", "title", "valign"},
    "a": {"href"},
    "img": {"alt", "height", "width"},
    "ol": {"start"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width"},
    "th": {"colspan", "rowspan", "width"},
}
_PROPERTIES = {"display", "visibility"}  # what the sender hides stays hidden
# Elements that a browser opens again after each block; with attributes that differ there is no limit to how many.
_REOPENED = re.compile(r"<(big|code|em|font|small|strike|strong|nobr|tt|[bisu])[\s/][^>]*>?", re.IGNORECASE)
_MANY = 1_000  # tags
_PICTURE = re.compile("cid:", re.IGNORECASE)


class Sanitiser:
    """Sanitises the HTML parts of one message, as much of them as the limits allow.

    Links keep http, https and mailto. Of images only those within the message (`cid:`) keep their source, so that
    nobody learns from a remote one that the message was opened. Another `clean` may decide otherwise.
    """

    def __init__(self, limits: Limits, defects: Defects, clean: Callable[[str], str] | None = None) -> None:
        self._clean = clean or _harmless
        self._characters = limits.text
        self._tags = limits.tags
        self._entities = limits.entities
        self._defects = defects

    def clean(self, html: str) -> str | None:
        """The sanitised HTML; None where it has too many tags."""
        if len(html) > self._characters:
            self._defects.add("its HTML is too long; the rest is not shown")
            html = html[: self._characters]
        tags = html.count("<")
        self._characters -= len(html)
        self._tags -= tags
        self._entities -= html.count("&")
        if self._tags < 0 or self._entities < 0:
            self._defects.add("its HTML has too many tags to be shown; only its text is read")
            return None
        if tags > _MANY:
            html = _REOPENED.sub(r"<\1>", html)
        return self._clean(html)


def preformatted(text: str) -> str:
    """A text as HTML that shows its lines as they are."""
    return f"<pre>{escape(text, quote=False)}</pre>"


def _harmless(html: str) -> str:
    return (_CLEANER_OF_PICTURES if _PICTURE.search(html) else _CLEANER).clean(html)


def _only_from_within(_tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if value[:4].lower() == "cid:" else None
    if attribute == "href" and value[:4].lower() == "cid:":
        return None
    return value


def _cleaner(
    attributes: dict[str, set[str]], attribute_filter: Callable[[str, str, str], str | None] | None = None
) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=LEFT_OUT_WITH_CONTENT,
        attributes=attributes,
        attribute_filter=attribute_filter,
        filter_style_properties=_PROPERTIES,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "cid"} if attribute_filter else {"http", "https", "mailto"},
        url_relative="deny",
    )


_CLEANER = _cleaner(ATTRIBUTES)
# A filter in Python is asked for every attribute, so it stays out of the way of mail without pictures of its own.
_CLEANER_OF_PICTURES = _cleaner(ATTRIBUTES | {"img": {*ATTRIBUTES["img"], "src"}}, _only_from_within)
