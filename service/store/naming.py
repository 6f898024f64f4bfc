"""Which tables a statement names, and which of them in a way that the ORM does not see."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnClause, Select, TableClause, TextClause
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows

_NAMED = (TextClause, ColumnClause, TableClause, AliasedReturnsRows)
_MAPPED = "parententity"  # the annotation of what was asked for by a mapped class


def of(statement: Any, known: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Those of the `known` tables that it names, and those of them that are bare: in a text, or behind their class."""
    named: set[str] = set()
    mapped: set[str] = set()
    bare: set[str] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, Select) and element is not statement and not is_mapped(element):
            bare |= of(element, known)[0]
        elif isinstance(element, _NAMED):
            found = known.intersection(_tables(element))
            named |= found
            if _MAPPED in element._annotations:
                mapped |= found
        if isinstance(element, TextClause | ColumnClause) and (said := _said(element)):
            bare |= known.intersection(_words(said))
    return frozenset(named | bare), frozenset(bare | (named - mapped))


def is_mapped(statement: Any) -> bool:
    """Whether the ORM compiles it."""
    return bool(statement._propagate_attrs.get("compile_state_plugin") == "orm")


def _tables(element: Any) -> set[str]:
    table = getattr(element, "table", element)
    while isinstance(table, AliasedReturnsRows):
        table = table.element
    return {table.name} if isinstance(table, TableClause) else set()


def _said(element: TextClause | ColumnClause[Any]) -> str:
    """The SQL that it was given as."""
    if isinstance(element, TextClause):
        return element.text
    return element.name if element.is_literal else ""


@lru_cache(maxsize=256)
def _words(sql: str) -> frozenset[str]:
    """Its words, but those in front of a dot: a column's table is named once more, where the rows come from."""
    return frozenset(re.findall(r"\b(\w+)\b(?!\.)", sql.lower()))
