"""What Gmail says when it does not do what it is asked: whether to ask again, when, and the words for the owner."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from service.mail.source import NeedsReauth, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 86_400.0
"""Seconds of a pause that is believed."""
_REASON = re.compile(r"[A-Za-z_]{1,60}")
_AFTER = re.compile(r"Retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z")
_BUSY = {
    "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "backendError",
}  # fmt: skip
_SPENT = {"quotaExceeded", "dailyLimitExceeded"}
_NOT_GRANTED = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
_NOT_SET_UP = {"accessNotConfigured", "SERVICE_DISABLED"}


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer other than 200; `after` are the seconds that Gmail asks to wait, 0 where it does not say."""

    status: int
    reasons: frozenset[str]
    after: float

    @property
    def passes(self) -> bool:
        """Whether the same question may be answered later."""
        return self.status == 429 or self.status >= 500 or bool(self.reasons & _BUSY)

    def error(self) -> SourceError:
        """In words."""
        if self.status >= 500:
            return SourceError(f"Gmail has a fault (status {self.status}): it is tried again", self.after)
        if self.passes or self.reasons & _SPENT:
            told = f"in {self.after:.0f} seconds, as it wants" if self.after else "later"
            return SourceError(
                f"Gmail answers no more questions about this mailbox now: it is asked {told}", self.after
            )
        if self.reasons & _NOT_GRANTED:
            return NeedsReauth(
                "Google has not granted all that is needed of this mailbox: connect it again, and let it read messages "
                "and, where that is asked for, send them"
            )
        if self.reasons & _NOT_SET_UP:
            return SourceError(
                "the Gmail API is not enabled for this service: its operator enables it in Google's console, in the "
                "project of GOOGLE_CLIENT_ID"
            )
        named = ", ".join(sorted(self.reasons)) or "no reason given"
        return SourceError(f"Gmail refuses what it is asked (status {self.status}, {named}): it is tried again")


def fault(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """What such an answer says; anything may be in its body."""
    error = _error(body)
    after = _retry_after(headers.get("retry-after", "")) or _retry_at(error.get("message"))
    return Fault(status, frozenset(_reasons(error)), after)


def _error(body: bytes) -> dict[str, Any]:
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return error if isinstance(error, dict) else {}


def _reasons(error: dict[str, Any]) -> Iterator[str]:
    for name in ("errors", "details"):
        entries = error.get(name)
        for entry in entries if isinstance(entries, list) else []:
            reason = entry.get("reason") if isinstance(entry, dict) else None
            if isinstance(reason, str) and _REASON.fullmatch(reason):
                yield reason
    status = error.get("status")
    if isinstance(status, str) and _REASON.fullmatch(status):
        yield status


def _retry_after(text: str) -> float:
    """Seconds, which may be told as a time (RFC 9110, 10.2.3)."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST)
    try:
        return _until(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _retry_at(message: object) -> float:
    found = _AFTER.search(message) if isinstance(message, str) else None
    try:
        return _until(datetime.fromisoformat(found[1])) if found else 0.0
    except ValueError:
        return 0.0


def _until(moment: datetime) -> float:
    told = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((told - datetime.now(UTC)).total_seconds(), 0.0), LONGEST)
