"""The limiter: how many attempts, and how much memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from service.access.limiter import Limiter


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Now, in seconds."""
        return self.now


def test_ten_thousand_attempts_are_a_handful() -> None:
    """Of a burst the first few pass; it says how long to wait, and then one passes."""
    clock = Clock()
    limiter = Limiter(burst=20, every=3.0, clock=clock)
    assert sum(limiter.wait("203.0.113.9") == 0 for _ in range(10_000)) == 20
    wait = limiter.wait("203.0.113.9")
    assert wait == 3.0
    clock.now += wait
    assert [limiter.wait("203.0.113.9") == 0 for _ in range(2)] == [True, False]


def test_one_client_takes_nothing_from_another() -> None:
    """Each key has its own bucket."""
    limiter = Limiter(burst=1, every=60.0)
    assert limiter.wait("a") == 0
    assert limiter.wait("a") > 0
    assert limiter.wait("b") == 0


def test_memory_does_not_grow_with_addresses() -> None:
    """The key that was tried longest ago is forgotten, not the one that is at it."""
    limiter = Limiter(burst=1, every=60.0, most=100)
    for number in range(10_000):
        limiter.wait(f"client {number}")
        limiter.wait("busy")
        assert len(limiter) <= 100
    assert limiter.wait("busy") > 0


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(1, 5), st.floats(0.5, 20))
def test_never_more_than_the_rate(pauses: list[float], burst: int, every: float) -> None:
    """In any stretch of time there are no more than the burst and what has come back since."""
    clock = Clock()
    limiter = Limiter(burst, every, clock=clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if limiter.wait("key") == 0:
            passed.append(clock.now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + (passed[last] - passed[first]) / every + 1e-6
