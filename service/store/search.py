"""Full-text search: what a person types, as a query of FTS5 (SQLite) and of tsvector (PostgreSQL) that mean the same.

Words have all to be there, in any order; `"in quotes"` they stand next to each other; `-word` must not be there;
`begin*` is the beginning of a word. Upper and lower case are the same, and a word ends where letters and digits end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, func, literal_column, select, text
from sqlalchemy import table as sql_table

from service.store.tables import Message

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

MOST = 20
"""Terms of one query."""

_TERM = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<star>\*?)')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other."""

    words: tuple[str, ...]
    prefix: bool = False
    """Whether the last word is the beginning of one."""
    without: bool = False
    """Whether it must not be there."""


def parse(typed: str) -> tuple[Term, ...]:
    """The terms of a query, none when there is no word in it. Never raises."""
    found = []
    for match in _TERM.finditer(typed):
        said = match["phrase"] if match["word"] is None else match["word"]
        words = tuple(_WORD.findall(said))
        if words:
            starred = bool(match["star"]) or (match["word"] is not None and said.endswith("*"))
            found.append(Term(words, starred, bool(match["minus"])))
    return tuple(found[:MOST])


def matches(session: Session, terms: tuple[Term, ...]) -> ColumnElement[bool]:
    """Whether a message has what the terms say, for the database of the session; `terms` is not empty."""
    condition = _fts5 if session.get_bind().dialect.name == "sqlite" else _tsvector
    return condition([term for term in terms if not term.without], [term for term in terms if term.without])


def _fts5(wanted: list[Term], unwanted: list[Term]) -> ColumnElement[bool]:
    # Words are letters and digits alone, and in quotes they are no operators (SQLite, FTS5, 3.1).
    def said(term: Term) -> str:
        return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'

    def found(query: str) -> ColumnElement[bool]:
        rows: Select[Any] = select(literal_column("rowid")).select_from(sql_table("messages_search"))
        return Message.id.in_(
            rows.where(text("messages_search MATCH :query").bindparams(bindparam("query", query, unique=True)))
        )

    together = [" AND ".join(map(said, wanted))] if wanted else []
    return and_(*map(found, together), *(~found(said(term)) for term in unwanted))


def _tsvector(wanted: list[Term], unwanted: list[Term]) -> ColumnElement[bool]:
    def found(term: Term) -> ColumnElement[bool]:
        query = " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "")
        condition: ColumnElement[bool] = literal_column("messages.search").op("@@")(func.to_tsquery("simple", query))
        return condition

    return and_(*map(found, wanted), *(~found(term) for term in unwanted))
