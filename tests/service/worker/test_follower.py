"""The follower: an account is synced when something may have changed, and no source makes it spin."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from service.store.opened import Store
from service.store.queue import Queue
from service.store.vault import Vault
from service.worker.follower import AT_LEAST, Follower
from service.worker.lease import Leased
from tests.service.store.followed import OWNER

if TYPE_CHECKING:
    from service.mail.source import Inbox
    from tests.service.store.followed import Mailbox

SYNCS = 4


class Chatty:
    """A source that always has news: its `wait` returns at once."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.enough = threading.Event()

    def sync(self, _: Inbox) -> None:
        """Note when."""
        self.began.append(time.monotonic())
        if len(self.began) >= SYNCS:
            self.enough.set()

    def wait(self, timeout: float) -> None:
        """Not at all."""

    def interrupt(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """There is nothing to let go of."""


def test_a_source_that_always_has_news_is_synced_at_a_bounded_rate(mailbox: Mailbox) -> None:
    """A server that tells of a change for ever costs a sync each moment, and ends with the follower at once."""
    source = Chatty()
    store = Store(mailbox.database, Vault(["of the test, which keeps no secret"]))
    leased = Leased(mailbox.account_id, "maildir", OWNER, None)
    follower = Follower(store, Queue(mailbox.database), leased, lambda _: source)
    follower.start()
    assert source.enough.wait(30)
    follower.stop()
    follower.join(10)
    assert not follower.is_alive
    pauses = [later - earlier for earlier, later in zip(source.began, source.began[1:], strict=False)]
    assert min(pauses) >= 0.9 * AT_LEAST  # the two clocks are read a moment apart
