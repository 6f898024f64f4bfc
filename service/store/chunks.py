"""Many values in a statement, some at a time: databases bound how many one takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZE = 500

Value = TypeVar("Value")


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in their order, at most `SIZE` at a time."""
    return (values[first : first + SIZE] for first in range(0, len(values), SIZE))
