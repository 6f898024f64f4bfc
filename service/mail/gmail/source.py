"""A mailbox at Gmail as a source: its history is looked at every `poll_seconds`, and nothing is changed there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from service.mail.gmail.api import TIMEOUT, Api, Missing
from service.mail.gmail.grant import Grant
from service.mail.gmail.mailbox import Mailbox
from service.mail.gmail.quota import Quota
from service.mail.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.mail.gmail.registration import Registration
    from service.mail.gmail.settings import GmailSettings
    from service.mail.source import Inbox


class Gmail:
    """The mailbox that a refresh token opens; `keep` is told when Google sends another one in its place.

    `size_limit` is in bytes: a larger message comes by its header. `timeout` and `first_pause`, which is the first of
    those that grow while Gmail fails, are in seconds.
    """

    def __init__(
        self,
        settings: GmailSettings,
        registration: Registration,
        refresh_token: str,
        keep: Callable[[str], None],
        *,
        size_limit: int,
        timeout: float = TIMEOUT,
        first_pause: float = 1.0,
        quota: Quota | None = None,
    ) -> None:
        self._poll = settings.poll_seconds
        grant = Grant(registration, refresh_token, keep)
        self._api = Api(
            registration.api, grant, quota or Quota(), size_limit=size_limit, timeout=timeout, first_pause=first_pause
        )
        self._mailbox: Mailbox | None = None
        self._interrupted = threading.Event()

    def sync(self, inbox: Inbox) -> None:
        """Bring what is new, changed or gone."""
        try:
            if self._mailbox is None:
                self._mailbox = Mailbox(self._api, inbox)
            self._mailbox.follow()
        except Missing:
            self._mailbox = None
            raise SourceError("Gmail does not find this mailbox: it is tried again") from None
        except BaseException:
            self._mailbox = None
            raise

    def wait(self, timeout: float) -> None:
        """Return when it is time to look again, or on `interrupt`."""
        self._interrupted.wait(min(timeout, self._poll))
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Have a `wait` return now, or the next one at once."""
        self._interrupted.set()

    def close(self) -> None:
        """Close the connections."""
        self._api.close()
