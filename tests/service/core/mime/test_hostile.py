"""Time: no message costs more than its length does."""

from __future__ import annotations

import pytest

from service.core.email import Email
from service.core.mime import LIMITS, parse, parse_headers
from tests.service.core.mime.hostile import HOSTILE


@pytest.mark.timeout(30)  # a guard against hanging: each takes one second or less, and what is quadratic takes hours
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_message_is_read_in_linear_time(name: str) -> None:
    """5 MB that attack one step of the parser leave an Email of bounded size."""
    raw = HOSTILE[name]()
    for email in (parse(raw), parse_headers(raw)):
        assert isinstance(email, Email)
        assert len(email.text) <= LIMITS.text
        assert len(email.attachments) <= LIMITS.parts
        assert len(email.references) <= LIMITS.references
        assert max(len(email.to), len(email.cc), len(email.reply_to)) <= LIMITS.addresses
