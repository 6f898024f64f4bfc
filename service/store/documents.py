"""What is asked of a JSON array in a column, in the words of each database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class array_length(GenericFunction[int]):  # noqa: N801  # SQL's functions are in lower case
    """How many elements an array has."""

    type = Integer()
    inherit_cache = True


class array_has(GenericFunction[bool]):  # noqa: N801
    """Whether a text is among the elements of an array."""

    type = Boolean()
    inherit_cache = True


@compiles(array_length, "sqlite")
def _(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_array_length({compiler.process(element.clauses, **how)})"


@compiles(array_length, "postgresql")
def _(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    return f"jsonb_array_length({compiler.process(element.clauses, **how)})"


@compiles(array_has, "sqlite")
def _(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    array, text = (compiler.process(clause, **how) for clause in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({array}) WHERE value = {text})"  # noqa: S608  # of SQL that SQLAlchemy made


@compiles(array_has, "postgresql")
def _(element: Any, compiler: SQLCompiler, **how: Any) -> str:
    array, text = (compiler.process(clause, **how) for clause in element.clauses)
    return f"jsonb_exists({array}, {text})"  # the operator ? under its own name
