"""What the sender wrote now, apart from what is quoted and from the signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.core.phrases import DATED, FIELD, FROM, OPENINGS, ORIGINAL, SENT_FROM, WROTE

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOOTER_RULE = re.compile(r"_{30,}")
_LONGEST_LINE = 400  # characters of a line that may introduce a quote
_LONGEST_SIGNATURE = 20  # lines
_LONGEST_FOOTER = 8  # lines below the rule of a mailing list
_LINES_OF_INTRODUCTION = 4  # mail programs wrap it


@dataclass(frozen=True, slots=True)
class Pieces:
    """The lines of a text, each in one of three."""

    body: str
    quoted: str
    signature: str


def split_quotes(text: str) -> Pieces:
    """Take the text apart.

    Everything quoted leaves the body, also what an interleaved reply answers: the words of others must not count as
    the sender's own. `quoted` has it in its order, with the lines that introduce it; `text` has both as they were.
    """
    lines = text.split("\n")
    history = _history(lines)
    own: list[str] = []
    quoted: list[str] = []
    end = 0
    for start, stop in _quotes(lines, history):
        own += lines[end:start]
        quoted += lines[start:stop]
        end = stop
    own += lines[end:history]
    quoted += lines[history:]
    signed = _signature(own)
    return Pieces(_text(own[:signed]), _text(quoted), _text(own[signed:]))


def _history(lines: list[str]) -> int:
    """The first line from which on everything is an older message, as Outlook and phones put it below the reply."""
    for index, line in enumerate(lines):
        if len(line) > _LONGEST_LINE or not line or line[0] == ">":
            continue
        if line.rstrip().endswith((":", "：")):
            first = _introduction(lines, index, 0, strict=True)
            below = next((line for line in lines[index + 1 : index + 4] if line.strip()), "")
            if first is not None and below and not _is_quoted(below):
                return first
        if ":" in line[:20] and FROM.match(line):
            fields = sum(1 for below in lines[index + 1 : index + 9] if FIELD.match(below[:40]))
            if fields >= 2:
                return _above_rule(lines, index)
        elif ORIGINAL.fullmatch(line.strip()):
            return index
    return len(lines)


def _above_rule(lines: list[str], index: int) -> int:
    """The line itself, or the rule right above it."""
    above = next((at for at in range(index - 1, max(index - 3, -1), -1) if lines[at].strip()), index)
    return above if above < index and not lines[above].strip("-_*= ") else index


def _quotes(lines: list[str], history: int) -> Iterator[tuple[int, int]]:
    """Where quotes begin and end, with the lines that introduce them, before the history."""
    end = index = 0
    while index < history:
        if not _is_quoted(lines[index]):
            index += 1
            continue
        start = index
        last = start - 2 if start - 2 >= end and not lines[start - 1].strip() else start - 1
        if last >= end:
            first = _introduction(lines, last, end, strict=False)
            start = start if first is None else first
        stop = index = index + 1
        while index < history and (_is_quoted(lines[index]) or not lines[index].strip()):
            stop = index + 1 if lines[index].strip() else stop
            index += 1
        yield start, stop
        end = stop


def _is_quoted(line: str) -> bool:
    return line.startswith((">", " >")) and not line.startswith(">From ")  # mbox files write it so


def _introduction(lines: list[str], last: int, floor: int, *, strict: bool) -> int | None:
    """The first line of "On … wrote:" that ends at `last`; when not strict, any line that could be meant so."""
    line = lines[last].strip()
    if len(line) > _LONGEST_LINE or not line.endswith((":", "：")):
        return None
    verb = WROTE.search(lines[last - 1][-_LONGEST_LINE:] + " " + line if last > floor else line)
    for first in range(last, max(floor, last - _LINES_OF_INTRODUCTION + 1) - 1, -1) if verb else ():
        if not lines[first].strip() or _is_quoted(lines[first]) or len(lines[first]) > _LONGEST_LINE:
            break
        if lines[first].lstrip()[:8].lower().startswith(OPENINGS) and DATED.search(" ".join(lines[first : last + 1])):
            return first
    return last if not strict and (WROTE.search(line) or DATED.search(line)) else None


def _signature(own: list[str]) -> int:
    """The first line of the signature, or of what a mailing list puts below."""
    signed = len(own)
    below = 0
    for index in range(len(own) - 1, -1, -1):
        line = own[index].rstrip()
        if not line:
            continue
        if line in ("--", "—") or (below <= _LONGEST_FOOTER and _FOOTER_RULE.fullmatch(line)):
            signed = index
        below += 1
        if below > _LONGEST_SIGNATURE:
            break
    last = next((index for index in range(signed - 1, -1, -1) if own[index].strip()), -1)
    if last >= 0 and len(own[last]) <= _LONGEST_LINE and SENT_FROM.fullmatch(own[last].strip().strip("<>*_")):
        signed = last
    return signed


def _text(lines: list[str]) -> str:
    return "\n".join(lines).rstrip().lstrip("\n")
