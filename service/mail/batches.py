"""How much mail is brought in one go: a transaction of it stays short, and memory small whatever the mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MESSAGES = 100
BYTES = 8_000_000
HEADER = 256_000
"""What is read at most of the header of a message that is over the size limit, in bytes."""

Item = TypeVar("Item")


def header(raw: bytes) -> bytes:
    """The header that a message begins with, and the empty line behind it; at most `HEADER` bytes."""
    start = raw[:HEADER]
    ends = [at + len(end) for end in (b"\n\n", b"\n\r\n") if (at := start.find(end)) >= 0]
    return start[: min(ends, default=len(start))]


def batches(sized: Iterable[tuple[Item, int]]) -> Iterator[list[Item]]:
    """The items in their order, at most `MESSAGES` and, unless one alone is larger, `BYTES` at a time."""
    batch: list[Item] = []
    total = 0
    for item, size in sized:
        if batch and (len(batch) == MESSAGES or total + size > BYTES):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size
    if batch:
        yield batch
