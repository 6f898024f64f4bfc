"""HTML to text, for reading: links, lists, tables and quotes stay recognisable, hidden text is left out."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?:[^<>"]++|"[^"]*+")*+)>')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*+)"')
HIDDEN = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
_VOID = {"br", "col", "hr", "img", "wbr"}
_BLOCKS = {
    "address", "article", "aside", "caption", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
    "footer", "header", "li", "main", "nav", "section", "summary", "table", "tbody", "tfoot", "thead", "tr",
}  # fmt: skip
_PARAGRAPHS = {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "ul"}
_CELL = "\x1f"  # between the cells of a row until the line is finished
_LONGEST_LINK = 100  # characters; of a longer one only the host is shown
_DEEPEST = 10  # quotes and lists within each other that are still shown as such
_COMMENT_START, _COMMENT_END = "<!--", "-->"
_TAG = re.compile(r"<[^<>]*+>?")


def to_text(html: str) -> str:
    """The text of sanitised HTML: every tag is closed, every attribute is in double quotes."""
    writer = _Writer()
    hidden = 0  # open elements within the hidden one, itself included
    first, *others = _TOKEN.split(html)
    writer.write(first)
    pieces = iter(others)
    for closing, tag, attributes, text in zip(pieces, pieces, pieces, pieces, strict=True):
        if hidden:
            hidden += 0 if tag in _VOID else -1 if closing else 1
        elif closing:
            writer.close(tag)
        elif "style" in attributes and HIDDEN.search(attributes):
            hidden = 0 if tag in _VOID else 1
        else:
            writer.open(tag, attributes)
        if text and not hidden:
            writer.write(text)
    return writer.text()


def strip_tags(html: str) -> str:
    """The text of any HTML, read roughly: what is between the tags."""
    pieces = []
    for index, piece in enumerate(html.split(_COMMENT_START)):
        _, found, shown = piece.partition(_COMMENT_END) if index else ("", "", piece)
        pieces.append(shown if found or not index else piece)
    text = "".join(pieces)
    for name in ("script", "style", "title"):
        text = _without(text, name)
    lines = (" ".join(line.split()) for line in _TAG.sub("\n", text).split("\n"))
    return unescape("\n".join(line for line in lines if line))


def _without(html: str, name: str) -> str:
    """The HTML without the elements of that name."""
    first, *others = re.split(f"<{name}\\b", html, flags=re.IGNORECASE)
    shown = [re.split(f"</{name}", other, maxsplit=1, flags=re.IGNORECASE) for other in others]
    return first + "".join(f"<{pieces[1]}" for pieces in shown if len(pieces) > 1)


class _Writer:
    """Writes lines of text while the tags go by."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank_line = False  # one is due before the next text
        self._quotes = 0
        self._quotes_above = 0  # of the last line
        self._lists: list[int] = []  # the next number of each open list, 0 for one with bullets
        self._preformatted = 0
        self._links: list[tuple[str, int, int]] = []  # where each leads, and where its text begins

    def write(self, text: str) -> None:
        """Add text; blanks collapse but in <pre>."""
        if "&" in text:
            text = unescape(text)
        if self._preformatted:
            first, *others = text.split("\n")
            self._put(first)
            for line in others:
                self._end_line(keep_empty=True)
                self._put(line)
            return
        words = " ".join(text.split())
        if text[:1].isspace() and self._line and not self._line[-1].endswith((" ", _CELL)):
            self._line.append(" ")
        if words:
            self._line.append(f"{words} " if text[-1].isspace() else words)

    def open(self, tag: str, attributes: str) -> None:
        """Begin an element."""
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag in ("td", "th"):
            self._put_mark(_CELL)
        elif tag == "a":
            self._links.append((_attribute(attributes, "href"), len(self._lines), len(self._line)))
        elif tag == "img":
            self.write(_attribute(attributes, "alt"))
        elif tag == "hr":
            self._end_line()
            self._put("-" * 20)
            self._end_line()
        elif tag in _BLOCKS or tag in _PARAGRAPHS:
            self._end_line()
            self._blank_line |= tag in _PARAGRAPHS and not self._lists
            self._begin(tag, attributes)

    def close(self, tag: str) -> None:
        """End an element."""
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in _BLOCKS or tag in _PARAGRAPHS:
            self._end_line()
            if tag == "blockquote":
                self._quotes -= 1
            elif tag == "pre":
                self._preformatted -= 1
            elif tag in ("ol", "ul") and self._lists:
                self._lists.pop()
            self._blank_line |= tag in _PARAGRAPHS and not self._lists

    def text(self) -> str:
        """All lines."""
        self._end_line()
        return "\n".join(self._lines).strip("\n")

    def _begin(self, tag: str, attributes: str) -> None:
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag in ("ol", "ul"):
            start = _attribute(attributes, "start")
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
            self._lists.append(number if tag == "ol" else 0)
        elif tag == "li":
            number = self._lists[-1] if self._lists else 0
            indent = "  " * min(len(self._lists) - 1, _DEEPEST)
            self._put(f"{indent}{number}. " if number else f"{indent}- ")
            if number:
                self._lists[-1] += 1

    def _put(self, text: str) -> None:
        if text:
            self._line.append(text)

    def _put_mark(self, mark: str) -> None:
        if self._line:
            self._line.append(mark)

    def _end_line(self, *, keep_empty: bool = False) -> None:
        if not (self._line or keep_empty):
            return
        line = "".join(self._line)
        self._line = []
        if _CELL in line:
            line = " | ".join(cell for cell in map(str.strip, line.split(_CELL)) if cell)
        line = line.rstrip()
        prefix = "> " * min(self._quotes, _DEEPEST)
        if not line:
            if keep_empty and self._preformatted:
                self._lines.append(prefix.rstrip())
            else:
                self._blank_line |= keep_empty
            return
        if self._blank_line and self._lines and self._lines[-1].strip("> "):
            self._lines.append(prefix[: 2 * self._quotes_above].rstrip())
        self._blank_line = False
        self._quotes_above = self._quotes
        self._lines.append(prefix + line)

    def _end_link(self, target: str, line: int, position: int) -> None:
        shown = "".join(self._line[position:] if line == len(self._lines) else self._line).strip(f" {_CELL}")
        target = unescape(target)
        bare = target.partition(":")[2].strip("/")
        if not shown and bare and line < len(self._lines):
            self._lines[-1] += f" <{_short(target)}>"  # its text is a block of its own
        elif shown and bare and bare not in shown:
            self._put(f"{'' if self._line[-1].endswith(' ') else ' '}<{_short(target)}>")


def _attribute(attributes: str, name: str) -> str:
    if name not in attributes:
        return ""
    return next((value for key, value in _ATTRIBUTE.findall(attributes) if key == name), "")


def _short(url: str) -> str:
    if len(url) <= _LONGEST_LINK:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{url[:_LONGEST_LINK]}…"
    return f"{parts.scheme}://{parts.netloc[:_LONGEST_LINK]}/…" if parts.netloc else f"{url[:_LONGEST_LINK]}…"
