"""Pages of a list: each begins where the one before ended, whatever arrives meanwhile."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from sqlalchemy import tuple_

from service.commands.command import Refused
from service.inputs import Input, Limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

Next = Annotated[str | None, Field(description="The `cursor` of the next page; null on the last one.")]


class Page(Input):
    """Which part of a list."""

    limit: Limit = 50
    cursor: Annotated[str, Field(max_length=200, description="`next` of the page before.")] | None = None


def page(
    session: Session,
    query: Select[Any],
    at: InstrumentedAttribute[datetime],
    id_: InstrumentedAttribute[int],
    given: Page,
) -> tuple[Sequence[Any], str | None]:
    """The rows of a page, the newest first, and the cursor of the next one. Raises `Refused`."""
    query = query.order_by(at.desc(), id_.desc()).limit(given.limit + 1)
    if given.cursor is not None:
        query = query.where(tuple_(at, id_) < decode(given.cursor))
    rows = session.execute(query).all()
    shown = [row[0] if len(row) == 1 else row for row in rows[: given.limit]]
    if len(rows) <= given.limit:
        return shown, None
    return shown, encode(getattr(shown[-1], at.key), getattr(shown[-1], id_.key))


def encode(at: datetime, id_: int) -> str:
    """A place as an opaque text."""
    place = json.dumps([at.astimezone(UTC).isoformat(), id_]).encode()
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, int]:
    """The place that `encode` made a text of. Raises `Refused`."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        at, id_ = json.loads(text)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is UTC and 1900 <= moment.year < 2200 and isinstance(id_, int) and 0 <= id_ < 2**63:
            return moment, id_
    except (ValueError, TypeError, RecursionError):
        pass
    what = "It is no cursor: send `next` of the page before, with the same filters, or none to begin"
    raise Refused(422, f"cursor: {what}", [{"where": "cursor", "what": what}])
