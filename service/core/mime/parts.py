"""The parts of a message (RFC 2046, 5.1): a tree of headers and of bytes that are not yet decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.core.mime.headers import Headers, read_headers
from service.core.mime.parameters import read_parameters

if TYPE_CHECKING:
    from service.core.mime.limits import Defects, Limits

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_DELIMITER = re.compile(rb"^--([^\n]{1,200})\nContent-", re.MULTILINE | re.IGNORECASE)
_LOOKALIKES = 10_000  # lines that begin as a boundary does, in one multipart


@dataclass(slots=True)
class Part:
    """One part: a leaf with its content, or a multipart with its children."""

    headers: Headers
    type: str
    """Media type in lower case, such as text/plain."""
    parameters: dict[str, str]
    """Of Content-Type."""
    disposition: str
    name: str
    """The file name as declared, "" where there is none."""
    encoding: str
    """Content-Transfer-Encoding in lower case."""
    content: bytes = b""
    children: list[Part] = field(default_factory=list)


def read_message(raw: bytes, limits: Limits, defects: Defects) -> Part:
    """The message as a tree of parts."""
    data = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw
    return _Reader(data, limits, defects).part(0, len(data), 0, "text/plain")


def describe(headers: Headers, default: str = "text/plain") -> Part:
    """A part by what its headers declare, without content; a type that is none is `default`."""
    declared, parameters = read_parameters(headers.first("content-type"))
    disposition, more = read_parameters(headers.first("content-disposition"))
    name = " ".join((more.get("filename") or parameters.get("name", "")).split())
    encoding = headers.first("content-transfer-encoding").partition(";")[0].strip().lower()
    type_ = declared if _TYPE.fullmatch(declared) else default
    return Part(headers, type_, parameters, disposition, name[:255], encoding)


class _Reader:
    """Reads the parts of one message, and counts them."""

    def __init__(self, data: bytes, limits: Limits, defects: Defects) -> None:
        self.data = data
        self.limits = limits
        self.defects = defects
        self.parts = 0

    def part(self, start: int, end: int, depth: int, default: str) -> Part:
        """The part in `data[start:end]`."""
        self.parts += 1
        headers, body = read_headers(self.data, start, end, self.limits, self.defects)
        part = describe(headers, default)
        if not part.type.startswith("multipart/"):
            part.content = self.data[body:end]
        elif depth == self.limits.depth:
            self.defects.add(f"its parts are nested more than {self.limits.depth} deep; what is below is not read")
            part.content = self.data[body:end]
        else:
            self._read_children(part, body, end, depth)
        return part

    def _read_children(self, part: Part, start: int, end: int, depth: int) -> None:
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        sections = self._sections(start, end, boundary) if boundary else []
        if not sections:
            delimiter = _DELIMITER.search(self.data, start, end)
            if delimiter:
                self.defects.add("the boundary between its parts is not the one that it declares")
                sections = self._sections(start, end, delimiter[1].rstrip())
        if not sections:
            self.defects.add("it says that it has several parts, but their boundary is nowhere; it is read as text")
            part.type, part.parameters = "text/plain", {}
            part.content = self.data[start:end]
            return
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        for first, last in sections:
            if self.parts >= self.limits.parts:
                self.defects.add(f"it has more than {self.limits.parts:,} parts; the rest is not read")
                break
            part.children.append(self.part(first, last, depth + 1, default))

    def _sections(self, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
        """Where the parts between the boundaries begin and end."""
        data, delimiter = self.data, b"--" + boundary
        sections: list[tuple[int, int]] = []
        begin, lookalikes = -1, 0
        at = start if data.startswith(delimiter, start, end) else self._line(delimiter, start, end)
        while at >= 0:
            line_end = data.find(b"\n", at, end)
            line_end = end if line_end < 0 else line_end
            rest = data[at + len(delimiter) : line_end].rstrip(b" \t")
            if rest in (b"", b"--"):
                if begin >= 0:
                    sections.append((min(begin, at - 1), at - 1))
                begin = -1 if rest else min(line_end + 1, end)
                if rest or len(sections) > self.limits.parts:
                    return sections
            else:
                lookalikes += 1
                if lookalikes > _LOOKALIKES:
                    self.defects.add("too many of its lines look like a boundary between parts; the rest is not read")
                    break
            at = self._line(delimiter, line_end, end)
        if begin >= 0:
            self.defects.add("its last part has no end: the message may be cut off")
            sections.append((begin, end))
        return sections

    def _line(self, beginning: bytes, start: int, end: int) -> int:
        """Where the next line with that beginning is; -1 where there is none."""
        before = self.data.find(b"\n" + beginning, start, end)
        return before + 1 if before >= 0 else -1
