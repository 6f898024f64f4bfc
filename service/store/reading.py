"""A stored message, read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.core.mime import parse, parse_headers

if TYPE_CHECKING:
    from service.core.email import Email
    from service.store.tables import Raw


def email_of(raw: Raw) -> Email:
    """What its bytes say; of a message over the size limit what its header says."""
    return parse(raw.data) if raw.complete else parse_headers(raw.data)
