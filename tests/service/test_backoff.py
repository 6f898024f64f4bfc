"""Pauses between tries: longer with each failure, never too long, and not the same for all who wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.backoff import Backoff

FIRST = st.floats(0.01, 10)
LONGEST = st.floats(10, 600)


@given(FIRST, LONGEST, st.integers(0, 100))
def test_each_pause_is_twice_as_long_up_to_the_longest(first: float, longest: float, failures: int) -> None:
    """Half of it at least, whatever chance says, and never more, however often it failed before."""
    backoff = Backoff(first, longest)
    for failure in range(failures + 1):
        whole = min(longest, first * 2.0**failure)
        assert whole / 2 <= backoff.next() <= whole


@given(FIRST, LONGEST, st.integers(0, 12))
def test_those_who_wait_do_not_come_back_at_once(first: float, longest: float, failures: int) -> None:
    """The pauses of many are spread over most of what chance has."""
    many = [Backoff(first, longest) for _ in range(200)]
    for _ in range(failures):
        for one in many:
            one.next()
    pauses = [one.next() for one in many]
    whole = min(longest, first * 2.0**failures)
    assert len(set(pauses)) > len(many) / 2
    assert max(pauses) - min(pauses) > whole / 4


@given(FIRST, LONGEST, st.integers(1, 100))
def test_a_success_begins_anew(first: float, longest: float, failures: int) -> None:
    """The next pause is one after a first failure again."""
    backoff = Backoff(first, longest)
    assert not backoff.has_failed
    for _ in range(failures):
        backoff.next()
    assert backoff.has_failed
    backoff.reset()
    assert not backoff.has_failed
    assert backoff.next() <= first
