"""The follower of one account: syncs, waits, and syncs again, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from service.backoff import Backoff
from service.mail.source import Full, Gone, NeedsReauth, SourceError
from service.metrics import RECONNECTS, SYNC_SECONDS, SYNCS
from service.store import accounts, health
from service.store.database import is_full
from service.store.inbox import StoreInbox
from service.worker import unnoted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from service.mail.source import Source
    from service.store.opened import Store
    from service.store.queue import Queue
    from service.worker.lease import Leased

    Open = Callable[[int], Source]

log = logging.getLogger("service.worker")

WAIT = 300.0
"""Seconds after which an account is synced even though its source saw nothing happen."""
AT_LEAST = 0.5
"""Seconds from the beginning of a sync to that of the next, however much its source sees happen."""
FULL_FOR = 3600.0
"""Seconds after which a full inbox is tried again, though nothing says that it has room: that fetches mail in vain."""


class Follower:
    """Follows an account from `start` until `stop`, until it is nobody's to follow, or until it needs its owner."""

    def __init__(self, store: Store, queue: Queue, account: Leased, open_source: Open) -> None:
        self.lease = account.lease
        self._store = store
        self._account_id = account.id
        self._kind = account.kind
        self._inbox = StoreInbox(store.database, queue, account.id, account.lease, store.quota)
        self._open = open_source
        self._source: Source | None = None
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._asked = account.sync_requested_at
        self._thread = threading.Thread(target=self._run, name=f"follower-{account.id}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still follows."""
        return self._thread.is_alive()

    def ask(self, at: datetime | None) -> None:
        """Sync at once when this was not asked for before, whatever pause has been made of failures."""
        if at != self._asked:
            self._asked = at
            self._interrupt()

    def stop(self) -> None:
        """Ask it to end; `join` waits for that."""
        self._stopping.set()
        self._interrupt()

    def join(self, timeout: float) -> None:
        """Wait until it has ended, for `timeout` seconds at most."""
        self._thread.join(timeout)

    def _interrupt(self) -> None:
        self._hurry.set()
        source = self._source
        if source is not None:
            source.interrupt()

    def _run(self) -> None:
        try:
            self._keep_following()
        except Gone:
            log.debug("account %d: it is not followed under this lease any more", self._account_id)
        finally:
            unnoted.states.pop(self._account_id, None)

    def _keep_following(self) -> None:
        backoff = Backoff()
        while True:
            self._hurry.clear()
            after = 0.0
            full: Full | None = None
            try:
                self._follow(backoff)
            except Gone:
                raise
            except NeedsReauth as error:
                while not self._told("needs_reauth", str(error)) and not self._stopping.wait(backoff.next()):
                    pass  # until that is known, another follower would try the password again
                return
            except SourceError as error:
                self._told("failing", str(error))
                after = error.after
            except Full as error:
                self._told("failing", str(error))
                full = error.with_traceback(None)  # its frames hold all that was fetched
            except SQLAlchemyError as error:
                log.warning("account %d: the database fails: %s", self._account_id, type(error).__name__)
                if is_full(error):
                    self._told("failing", f"{health.FULL}; new mail waits where it is")
            except Exception:
                log.exception("account %d: following it failed", self._account_id)
                self._told("failing", "the service has a fault, which its log describes")
            else:
                return
            finally:
                self._close()
            SYNCS.labels("failed").inc()
            pause = backoff.next()
            self._stopping.wait(after)  # which the source asks for, and nobody's hurry shortens
            self._hurry.wait(max(0.0, pause - after))
            if full is not None:
                self._wait_for_room(full)

    def _follow(self, backoff: Backoff) -> None:
        """Until it shall stop."""
        if self._stopping.is_set():
            return
        self._source = source = self._open(self._account_id)
        while not self._stopping.is_set():
            self._told("syncing")
            began = time.monotonic()
            source.sync(self._inbox)
            SYNC_SECONDS.observe(time.monotonic() - began)
            SYNCS.labels("done").inc()
            if backoff.has_failed:
                RECONNECTS.labels(self._kind).inc()
            self._told("well", self._inbox.shortage())
            backoff.reset()
            if not self._stopping.is_set():
                source.wait(WAIT)
                self._stopping.wait(max(0.0, began + AT_LEAST - time.monotonic()))

    def _wait_for_room(self, full: Full) -> None:
        """Until less is stored than when it was full, a sync is asked for, or `FULL_FOR` has passed."""
        until, looks = time.monotonic() + FULL_FOR, Backoff()
        while time.monotonic() < until and not self._has_room(full) and not self._hurry.wait(looks.next()):
            self._told("failing", str(full))

    def _has_room(self, full: Full) -> bool:
        """Whether less is stored than then; not while the database is away, which would take nothing."""
        try:
            return self._inbox.stored() < full.used
        except SQLAlchemyError as error:
            log.warning("account %d: it is not known whether there is room: %s", self._account_id, type(error).__name__)
            return False

    def _told(self, state: str, error: str = "") -> bool:
        """Whether the state is noted; where it is not, this process knows it."""
        try:
            accounts.note_state(self._store.database, self._account_id, self.lease, state, error)
        except SQLAlchemyError as failure:
            log.warning("account %d: its state is not noted: %s", self._account_id, type(failure).__name__)
            unnoted.states[self._account_id] = state
            return False
        unnoted.states.pop(self._account_id, None)
        return True

    def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
