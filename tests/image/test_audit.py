"""The audit of the image's distributions: what is known is told, and so is what could not be found out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image.audit import judge

GOOD: dict[str, Any] = {"name": "good", "version": "1.0", "vulns": []}
BAD: dict[str, Any] = {"name": "bad", "version": "2.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("found", "words", "is_bad"),
    [
        ([GOOD], ["1 of 1 distributions are checked"], False),
        ([GOOD, BAD], ["bad 2.0 has CVE-2026-1: fixed in 2.1", "2 of 2 distributions"], True),
        ([GOOD, UNKNOWN], ["NOT CHECKED, as the database does not know them: unknown", "1 of 2 distributions"], False),
        ([BAD, UNKNOWN], ["CVE-2026-1", "NOT CHECKED", "1 of 2 distributions"], True),
    ],
)
def test_what_is_known_is_told(found: list[dict[str, Any]], words: list[str], is_bad: bool) -> None:
    """A vulnerability fails; a distribution that the database does not have is no good news."""
    said, bad = judge(json.dumps({"dependencies": found}))
    assert bad is is_bad
    assert [word for word in words if word not in said] == []


@given(st.text() | st.sampled_from(["{}", "[]", "null", "1"]))
def test_no_report_is_no_good_news(report: str) -> None:
    """Where no database can be reached it says so, and nothing fails for that."""
    assert judge(report) == ("NOT CHECKED: no database of vulnerabilities can be reached from here", False)
