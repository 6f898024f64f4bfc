"""What a person reads of a message: which of its parts are shown, and which are attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.email import Attachment
from service.core.mime.charset import decode, storable
from service.core.mime.flowed import unflow
from service.core.mime.html import Sanitiser, preformatted
from service.core.mime.htmltext import strip_tags, to_text
from service.core.mime.limits import Defects
from service.core.mime.transfer import decode_transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.core.mime.limits import Limits
    from service.core.mime.parts import Part

_META_CHARSET = re.compile(rb"""<meta[^<>]{1,200}?charset\s*=\s*["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_ENCRYPTED = {
    "multipart/encrypted": "it is encrypted (OpenPGP); its text is not read",
    "application/pkcs7-mime": "it is encrypted or signed (S/MIME); what is inside is not read",
    "application/x-pkcs7-mime": "it is encrypted or signed (S/MIME); what is inside is not read",
}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_PGP_ARMOUR = "-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True)
class Content:
    """The texts and the attachments of a message."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]


def read_attachment(message: Part, number: int) -> tuple[Attachment, bytes] | None:
    """The attachment at that place of the message's, from 1 on, with its bytes; None where there is none."""
    reader = _Reader(Defects())
    reader.blocks(message)
    if not 1 <= number <= len(reader.attachments):
        return None
    part = reader.attached[number - 1]
    return reader.attachments[number - 1], decode_transfer(part.content, part.encoding)[0]


@dataclass(slots=True)
class _Block:
    """One thing to read, as text, as HTML (not yet sanitised), or as both."""

    plain: str = ""
    html: str = ""


def read_content(
    message: Part, limits: Limits, defects: Defects, sanitise: Callable[[str], str] | None = None
) -> Content:
    """Decode the parts that are shown, and measure the others; `sanitise` is the `clean` of a `Sanitiser`."""
    reader = _Reader(defects)
    blocks = reader.blocks(message)
    sanitiser = Sanitiser(limits, defects, sanitise)
    texts, htmls = [], []
    for block in blocks:
        clean = sanitiser.clean(block.html) if block.html else None
        text = block.plain
        if block.html and not text.strip():
            text = strip_tags(block.html[: limits.text]) if clean is None else to_text(clean)
        texts.append(text)
        htmls.append(preformatted(text) if clean is None else clean)
    text = "\n\n".join(text.strip("\n") for text in texts if text.strip())
    if len(text) > limits.text:
        defects.add(f"its text is longer than {limits.text:,} characters; the rest is not kept")
        text = text[: limits.text]
    if _PGP_ARMOUR in text:
        defects.add("it is encrypted (OpenPGP); its text is not read")
    html = "\n".join(htmls)[: limits.html] if any(block.html for block in blocks) else ""
    return Content(storable(text), storable(html), tuple(reader.attachments))


class _Reader:
    """Walks through the parts; `attached` are those that the `attachments` were made from."""

    def __init__(self, defects: Defects) -> None:
        self.attachments: list[Attachment] = []
        self.attached: list[Part] = []
        self._defects = defects

    def blocks(self, part: Part, *, root: bool = True, alternative: bool = False) -> list[_Block]:
        """What the part shows, in its order."""
        if part.type in _ENCRYPTED:
            self._defects.add(_ENCRYPTED[part.type])
        if part.children:
            inner = part.type == "multipart/alternative"
            shown = [self.blocks(child, root=False, alternative=inner) for child in part.children]
            return _best_of(shown) if inner else [block for blocks in shown for block in blocks]
        if part.type in ("text/plain", "text/html") and _is_shown(part, root or alternative):
            return [self._text_block(part)]
        if not (alternative and part.type.startswith("text/") and part.type != "text/calendar"):
            self._attach(part)
        return []

    def _text_block(self, part: Part) -> _Block:
        data = self._decoded(part)
        label = part.parameters.get("charset", "")
        if part.type == "text/html" and not label:
            meta = _META_CHARSET.search(data, 0, 4096)
            label = meta[1].decode("ascii") if meta else ""
        text, honest = decode(data, label)
        if not honest:
            self._defects.add("a text is not in the charset that it declares")
        text = storable(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if part.type == "text/html":
            return _Block(html=text)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, part.parameters.get("delsp", "").lower() == "yes")
        return _Block(plain=text)

    def _attach(self, part: Part) -> None:
        if part.type in _TNEF or part.name.lower() == "winmail.dat":
            self._defects.add("winmail.dat holds a part of it in the format of Outlook (TNEF), which is not read")
        self.attachments.append(Attachment(part.name, part.type, len(self._decoded(part))))
        self.attached.append(part)

    def _decoded(self, part: Part) -> bytes:
        data, problem = decode_transfer(part.content, part.encoding)
        if problem:
            self._defects.add(problem)
        return data


def _is_shown(part: Part, expected: bool) -> bool:
    """Whether a text is read in its place; a file name makes it an attachment where no text is expected."""
    return part.disposition != "attachment" and (expected or not part.name)


def _best_of(alternatives: list[list[_Block]]) -> list[_Block]:
    """One block of all alternatives: the text ones as its text, the last one with HTML as its HTML."""
    plain = "\n\n".join(block.plain for blocks in alternatives for block in blocks if not _has_html(blocks))
    html = ""
    for blocks in alternatives:
        if _has_html(blocks):
            html = "\n".join(block.html or preformatted(block.plain) for block in blocks)
    return [_Block(plain, html)] if plain or html else []


def _has_html(blocks: list[_Block]) -> bool:
    return any(block.html for block in blocks)
