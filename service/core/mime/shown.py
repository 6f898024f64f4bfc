"""A message's HTML, to be shown on a page of its own: links lead out of it, and its own pictures are in it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import nh3

from service.core.mime.content import read_content
from service.core.mime.html import ATTRIBUTES, LEFT_OUT_WITH_CONTENT, TAGS, preformatted
from service.core.mime.htmltext import HIDDEN
from service.core.mime.limits import LIMITS, Defects, Limits
from service.core.mime.parts import read_message
from service.core.mime.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.core.mime.parts import Part

HIDING = "display:none"
"""The one style that an element can have."""
PICTURES = 10_000_000
"""Characters of data: URLs on one page, however often it shows a picture; the others are left out."""
_TYPES = {"image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"}  # no browser runs these


def show(raw: bytes, *, remote: bool, limits: Limits = LIMITS) -> str:
    """The body of the page, sanitised; made of the text where there is no HTML.

    Pictures of the message itself become data: URLs. Those of others are there with `remote` alone, and over https.
    Never raises.
    """
    message = read_message(raw, limits, Defects())
    page = _Page(message, remote)
    content = read_content(message, replace(limits, html=limits.html + PICTURES), Defects(), page.clean)
    return content.html or preformatted(content.text)


class _Page:
    """What may be on the page of one message."""

    def __init__(self, message: Part, remote: bool) -> None:
        self._remote = remote
        self._room = PICTURES
        self._parts = {name: part for part in _leaves(message) if part.type in _TYPES and (name := _content_id(part))}
        self._urls: dict[str, str] = {}
        self._cleaner = nh3.Cleaner(
            tags=TAGS,
            clean_content_tags=LEFT_OUT_WITH_CONTENT,
            attributes=ATTRIBUTES | {"img": {*ATTRIBUTES["img"], "src"}},
            attribute_filter=self._attribute,
            set_tag_attribute_values={"a": {"target": "_blank"}},
            link_rel="noopener noreferrer nofollow",
            url_schemes={"http", "https", "mailto", "cid"},
            url_relative="deny",
        )

    def clean(self, html: str) -> str:
        """The sanitised HTML."""
        return self._cleaner.clean(html)

    def _attribute(self, _tag: str, attribute: str, value: str) -> str | None:
        scheme = value.partition(":")[0].lower()
        if attribute == "style":
            return HIDING if HIDDEN.search(value) else None
        if attribute == "src":
            return (
                self._picture(value[4:]) if scheme == "cid" else value if scheme == "https" and self._remote else None
            )
        return None if attribute == "href" and scheme == "cid" else value

    def _picture(self, content_id: str) -> str | None:
        """The data: URL (RFC 2397) of a picture by its Content-ID (RFC 2392); None where there is none, or no room."""
        content_id = unquote(content_id)
        if content_id not in self._urls and content_id in self._parts:
            part = self._parts[content_id]
            data, _ = decode_transfer(part.content, part.encoding)
            self._urls[content_id] = f"data:{part.type};base64,{b64encode(data).decode()}"
        url = self._urls.get(content_id)
        if url is None or len(url) > self._room:
            return None
        self._room -= len(url)
        return url


def _leaves(part: Part) -> Iterator[Part]:
    if not part.children:
        yield part
    for child in part.children:
        yield from _leaves(child)


def _content_id(part: Part) -> str:
    return part.headers.first("content-id").strip().strip("<>")
