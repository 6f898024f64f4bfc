"""Dates of headers (RFC 5322, 3.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 128  # characters; a date with a comment has 60


def read_date(value: str) -> datetime | None:
    """The time in UTC; None for what is no date. A date without a zone is taken as UTC."""
    try:
        date = parsedate_to_datetime(value[:_LONGEST])
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
