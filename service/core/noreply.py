"""Addresses that nobody reads."""

from __future__ import annotations

import re

_NOREPLY = re.compile(
    r"(?:no|do[._-]?not|donot|ne[._-]?pas|nicht|keine)[._-]?(?:reply|répondre|repondre|antworten?|antwort|responder)"
    r"|mailer-daemon|postmaster|bounces?(?:$|[+._-])"
)


def reads_nothing(address: str) -> bool:
    """Whether an address says that it takes no answers, such as no-reply@example.org; `address` in lower case."""
    return bool(_NOREPLY.match(address.rpartition("@")[0]))
