"""A stored message, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.mime import parse, parse_headers
from service.store.tables import Raw

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.core.email import Email


def email_of(raw: Raw) -> Email:
    """What its bytes say; of a message over the size limit what its header says."""
    return parse(raw.data) if raw.complete else parse_headers(raw.data)


def stored_email(session: Session, message_id: int) -> Email | None:
    """What a stored message says, None when it is gone; the session forgets its bytes, which may be many."""
    raw = session.get(Raw, message_id)
    if raw is None:
        return None
    session.expunge(raw)
    return email_of(raw)
