"""The cursor for PostgreSQL, which sends many rows one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg.abc import Params


class RowByRow(Cursor[Any]):
    """Answered row by row, so that a server undoes the transaction of who falls asleep in the middle (`database.IDLE`).

    psycopg's own sends a pipeline, in which the server takes the sleeper for busy, and what that has locked stays so.
    """

    def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:  # noqa: ARG002
        """Execute it for each row; `rowcount` is the sum of theirs, and no row is ever returned."""
        changed = 0
        for params in params_seq:
            self.execute(query, params)
            changed += self.rowcount
        self._rowcount = changed
