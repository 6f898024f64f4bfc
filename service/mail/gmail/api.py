"""Gmail's REST API, as far as it is used: each question within the quota, and again where that may help."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any, Protocol, Self

import httpx2

from service.backoff import Backoff
from service.mail.gmail import quota
from service.mail.gmail.answers import (
    Answer,
    BadAnswer,
    History,
    Labels,
    Listed,
    Message,
    Profile,
    read,
)
from service.mail.gmail.faults import Fault, fault
from service.mail.gmail.identity import id_of
from service.mail.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeVar

    from service.mail.gmail.quota import Quota

    A = TypeVar("A", bound=Answer)

TIMEOUT = 30.0
"""Seconds that Gmail may be silent."""
ATTEMPTS = 4
"""How often a question is asked before the account fails; pauses of up to `_PATIENCE` seconds lie between."""
_PATIENCE = 30.0
_WHOLE = 600.0  # seconds for a whole answer
_LARGEST = 10_000_000  # bytes of an answer that is no message
_PAGE = 500  # what Gmail gives at most


class Access(Protocol):
    """Gives access tokens; both raise `SourceError`."""

    def token(self) -> str:
        """One that may be used now."""
        ...

    def refused(self, token: str) -> None:
        """Have another one in place of a token that Gmail does not take."""
        ...


class Missing(Exception):
    """There is nothing of that name, or not any more."""


class Expired(Exception):
    """The history does not go back so far."""


class Unsure(Exception):
    """It is not known whether what was asked has been done."""


class _TooLarge(Exception):
    """An answer goes beyond its bound."""


class Api:
    """One mailbox below `url`; threads may share it. Everything raises `SourceError`. A context manager."""

    def __init__(
        self,
        url: str,
        grant: Access,
        quota: Quota,
        *,
        size_limit: int,
        timeout: float = TIMEOUT,
        first_pause: float = 1.0,
    ) -> None:
        self._url = f"{url}/gmail/v1/users/me"
        self._grant = grant
        self._quota = quota
        self._raw_limit = size_limit * 4 // 3 + 100_000  # base64, and what is said beside it
        self._size_limit = size_limit
        self._first_pause = first_pause
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._http = httpx2.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def profile(self) -> Profile:
        """Whose mailbox it is, and where its history is now."""
        return self._ask(Profile, "profile", quota.PROFILE)

    def labels(self) -> Labels:
        """All labels."""
        return self._ask(Labels, "labels", quota.LABELS)

    def uids(self, label: str = "") -> Iterator[int]:
        """The messages with a label, or all; without a label's help none of spam and trash, the newest first."""
        params: dict[str, Any] = {"maxResults": _PAGE} | ({"labelIds": label} if label else {})
        while True:
            page = self._ask(Listed, "messages", quota.LIST, params)
            yield from (message.id for message in page.messages)
            if not page.next_page_token:
                return
            params |= {"pageToken": page.next_page_token}

    def history(self, since: int) -> Iterator[History]:
        """The pages of what happened after a point of the history. Raises `Expired`."""
        params: dict[str, Any] = {"startHistoryId": since, "maxResults": _PAGE}
        while True:
            try:
                page = self._ask(History, "history", quota.HISTORY, params)
            except Missing:
                raise Expired from None
            yield page
            if not page.next_page_token:
                return
            params |= {"pageToken": page.next_page_token}

    def message(self, uid: int) -> Message:
        """A message as it is; one over the size limit by its header, without `raw`. Raises `Missing`."""
        path = f"messages/{id_of(uid)}"
        try:
            message = self._ask(Message, path, quota.GET, {"format": "raw"}, self._raw_limit)
            if message.raw is not None and len(message.raw) <= self._size_limit:
                return message
        except _TooLarge:
            pass
        return self._ask(Message, path, quota.GET, {"format": "metadata"})

    def thread(self, uid: int) -> str:
        """Gmail's own name for the conversation of a message; "" when the message is gone."""
        try:
            return self._ask(Message, f"messages/{id_of(uid)}", quota.GET, {"format": "minimal"}).thread_id
        except Missing:
            return ""

    def has(self, message_id: str) -> bool:
        """Whether there is a message with this Message-ID."""
        return bool(self._ask(Listed, "messages", quota.LIST, {"q": f"rfc822msgid:{message_id}"}).messages)

    def send(self, raw: bytes, thread: str) -> None:
        """Send a message, once. Raises `SourceError` when it surely is not sent, and `Unsure`."""
        content = {"raw": base64.urlsafe_b64encode(raw).decode()} | ({"threadId": thread} if thread else {})
        for renewed in (False, True):
            self._quota.take(quota.SEND)
            token = self._grant.token()
            try:
                answer = self._once("messages/send", {}, token, _LARGEST, content)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                raise _unreached(error) from None
            except (httpx2.HTTPError, _TooLarge):
                raise Unsure from None
            if isinstance(answer, bytes):
                return
            if answer.status >= 500:
                raise Unsure
            if answer.status != 401 or renewed:
                raise answer.error()
            self._grant.refused(token)

    def _ask(
        self, kind: type[A], path: str, units: int, params: dict[str, Any] | None = None, limit: int = _LARGEST
    ) -> A:
        try:
            return read(kind, self._get(path, units, params or {}, limit))
        except BadAnswer as error:
            raise SourceError(
                f"Gmail answers in a way that it is not described to ({error}): it is tried again"
            ) from None

    def _get(self, path: str, units: int, params: dict[str, Any], limit: int) -> bytes:
        backoff = Backoff(self._first_pause, _PATIENCE)
        renewed = False
        for left in reversed(range(ATTEMPTS)):
            self._quota.take(units)
            token = self._grant.token()
            try:
                answer = self._once(path, params, token, limit)
            except httpx2.HTTPError as error:
                failed = _unreached(error)
            else:
                if isinstance(answer, bytes):
                    return answer
                if answer.status == 404:
                    raise Missing
                if answer.status == 401 and left and not renewed:
                    renewed = True
                    self._grant.refused(token)
                    continue
                failed = answer.error()
                if not answer.passes:
                    raise failed
            pause = max(backoff.next(), failed.after)
            if not left or pause > _PATIENCE:
                raise failed
            self._quota.hold(pause)
        raise AssertionError(path)  # the last attempt returns or raises

    def _once(
        self, path: str, params: dict[str, Any], token: str, limit: int, content: dict[str, Any] | None = None
    ) -> bytes | Fault:
        ends = time.monotonic() + _WHOLE
        body = bytearray()
        authorization = {"Authorization": f"Bearer {token}"}
        method = "GET" if content is None else "POST"
        with self._http.stream(
            method, f"{self._url}/{path}", params=params, headers=authorization, json=content
        ) as response:
            for piece in response.iter_raw():
                body += piece
                if len(body) > limit:
                    raise _TooLarge
                if time.monotonic() > ends:
                    raise httpx2.ReadTimeout("an answer takes too long")
            if response.status_code == 200:
                return bytes(body)
            return fault(response.status_code, response.headers, bytes(body))


def _unreached(error: httpx2.HTTPError) -> SourceError:
    return SourceError(f"Gmail is not reached, or the connection is lost ({type(error).__name__}): it is tried again")
