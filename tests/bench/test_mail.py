"""The benchmark of the worker measures what it says, at a small size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bench.mail import arrival, memory, sync
from tests.bench.mail.setups import Setup
from tests.bench.rounds import Rounds
from tests.service.dovecot_server import DovecotServer

pytestmark = pytest.mark.docker
ONCE = Rounds(1)
FILE = Setup("SQLite")


@pytest.fixture(scope="module")
def mail() -> Iterator[DovecotServer]:
    """A mail server with empty mailboxes."""
    with DovecotServer() as server:
        yield server


def test_a_first_sync_is_beside_a_bare_loop_and_all_of_it_is_understood_later(mail: DovecotServer) -> None:
    """There is a time for both sides, and understanding ends after storing."""
    stored, understood, _ = sync.measure(ONCE, mail, [FILE], messages=120)
    assert stored.peer is not None
    assert 0 < stored.ours[0] < understood.ours[0]
    assert stored.peer[0] > 0


def test_an_arrival_is_announced_then_told_then_understood(mail: DovecotServer) -> None:
    """The part that is ours begins with the announcement, and ends with the event."""
    whole, new, understood = arrival.measure(ONCE, mail, [FILE])
    assert whole.peer is not None
    assert whole.ours[0] == pytest.approx(whole.peer[0] + new.ours[0])
    assert understood.ours[0] > 0


def test_memory_is_that_of_the_process_which_works(mail: DovecotServer) -> None:
    """More than a bare interpreter takes, less than a leak of all the mail would."""
    (figure,) = memory.measure(mail, FILE, earlier=10, messages=20)
    assert figure.peer is not None
    assert all(30 * 2**20 < size < 500 * 2**20 for size in (*figure.ours, *figure.peer))
