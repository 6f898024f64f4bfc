"""Message-IDs and dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.mime.dates import read_date
from service.core.mime.ids import read_ids


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([], ()),
        (["<a@b>"], ("a@b",)),
        (["<a@b> <c@d>\n <a@b>"], ("a@b", "c@d")),
        (["<a@b><c@d>", "<e@f>"], ("a@b", "c@d", "e@f")),
        (["Message from Ada of Tuesday <a@b>"], ("a@b",)),
        (["<a@\tb>"], ("a@b",)),
        (["a@b"], ("a@b",)),
        (["<unclosed@b"], ("unclosed@b",)),
        (["no id at all"], ()),
        (["<>"], ()),
        (["<" + "x" * 999 + ">"], ()),
        (["<" + "ø" * 500 + ">"], ()),
    ],
)
def test_message_ids_are_found(values: list[str], ids: tuple[str, ...]) -> None:
    """Without their brackets, each once, and without the words that some programs put around them."""
    assert read_ids(values) == ids


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Tue, 5 Mar 2024 09:00:00 +0100", datetime(2024, 3, 5, 8, tzinfo=UTC)),
        ("5 Mar 2024 09:00:00 -0000", datetime(2024, 3, 5, 9, tzinfo=UTC)),
        ("Tue, 05 Mar 24 09:00 EST", datetime(2024, 3, 5, 14, tzinfo=UTC)),
        ("Tue, 5 Mar 2024 09:00:00 +0100 (CET)", datetime(2024, 3, 5, 8, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("Tue, 99 Mar 2024 09:00:00 +0100", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Tue, 5 Mar 2024 09:00:00 +9999999999", None),
    ],
)
def test_dates_are_in_utc(value: str, date: datetime | None) -> None:
    """What is no date is none, and so is one that no clock will ever show."""
    assert read_date(value) == date


@given(st.one_of(st.text(), st.text("0123456789 :+-,JanTueUTC()")))
def test_any_text_is_a_date_or_none(value: str) -> None:
    """Nothing raises."""
    date = read_date(value)
    assert date is None or date.tzinfo is UTC
