"""Text cut into sentences, in time that is linear in its length; for languages that end them with . ! ? or 。."""

from __future__ import annotations

import re
from functools import lru_cache

READ = 50_000
"""Characters of a text that are read; what the reader must know stands before that."""
LONGEST = 600
"""Characters of one sentence; a longer one is cut at a space."""

# Neither alternative can begin inside of a run that was tried before, so that a million dots are read once.
_END = re.compile(r"(?<![.!?…])[.!?…]+[\"'”’»)\]]*(?= )|[。！？]")
_ITEM = re.compile(r"[-*•–]\s|\d{1,2}[.)]\s|(?:to-?do|action items?|next steps?)\s?:", re.IGNORECASE)
_GREETING = re.compile(r".{1,40}[,:]$")
_ABBREVIATIONS = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "vs", "etc", "e.g", "i.e", "z.b", "d.h", "u.a", "o.ä", "bzw", "ca", "nr",
    "no", "inc", "ltd", "co", "corp", "approx", "mme", "sr", "sra", "usw", "evtl", "ggf", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "okt", "dez", "janv", "févr", "avr", "juil", "tel", "abt",
    "hr", "fr", "p.s", "cf", "fig", "vol", "dept", "str", "mind", "max", "min", "ing", "dipl",
})  # fmt: skip
_MONTHS = re.compile(
    r"(?:jan|f[eé]b|feb|m[aä]r|apr|avr|ma[iy]|ju[nil]|jui|aug|ao[uû]|sep|o[ck]t|nov|de[cz]|dé[cz])", re.IGNORECASE
)


@lru_cache(maxsize=8)  # triage, summary, requests and dates read the same text one after the other
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of the first `READ` characters, white space folded.

    Blank lines, list items, and a short line that begins a paragraph with a comma at its end (a greeting) divide too.
    """
    return tuple(
        piece for paragraph in _paragraphs(text[:READ]) for sentence in _split(paragraph) for piece in _cut(sentence)
    )


def _paragraphs(text: str) -> list[str]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        words = line.strip()
        if not words or _ITEM.match(words):
            found.append([])
        if words:
            found[-1].append(" ".join(words.split()))
        if len(found[-1]) == 1 and _GREETING.match(words):
            found.append([])
    return [" ".join(lines) for lines in found if lines]


def _split(paragraph: str) -> list[str]:
    found, start = [], 0
    for end in _END.finditer(paragraph):
        if _ends(paragraph, start, end):
            found.append(paragraph[start : end.end()].strip())
            start = end.end()
    found.append(paragraph[start:].strip())
    return [sentence for sentence in found if any(character.isalnum() for character in sentence)]


def _ends(paragraph: str, start: int, end: re.Match[str]) -> bool:
    """Whether a mark really ends a sentence; a lone full stop may belong to an abbreviation or an ordinal."""
    if end.group() != ".":
        return True
    following = paragraph[end.end() + 1 : end.end() + 40]
    if following[:1].islower():
        return False
    last = paragraph[max(start, end.start() - 20) : end.start()].rpartition(" ")[2].lstrip("(").casefold()
    if last.isdigit():
        return len(last) > 2 or (not _MONTHS.match(following) and end.start() - start > len(last))
    return len(last) > 1 and last not in _ABBREVIATIONS


def _cut(sentence: str) -> list[str]:
    found = []
    while len(sentence) > LONGEST:
        space = sentence.rfind(" ", 1, LONGEST)
        end = space if space > 0 else LONGEST
        found.append(sentence[:end])
        sentence = sentence[end:].lstrip()
    return [*found, sentence] if sentence else found
