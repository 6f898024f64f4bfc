"""What Gmail answers, as models: values that are checked, from data that is not to be trusted."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from service.mail.batches import HEADER
from service.mail.gmail.identity import uid_of


class BadAnswer(Exception):
    """It is not what Gmail's API is described to answer."""


def _uid(given: Any) -> Any:
    return uid_of(given) if isinstance(given, str) else given


def _bytes(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    return base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True)


Uid = Annotated[int, BeforeValidator(_uid)]
HistoryId = Annotated[int, Field(ge=0, lt=2**63)]
Ids = frozenset[str]
A = TypeVar("A", bound="Answer")


class Answer(BaseModel):
    """Names are in camel case there; what is not asked for is passed over."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Profile(Answer):
    """users.getProfile."""

    email_address: str
    history_id: HistoryId


class Label(Answer):
    """A label; `type` is "system" or "user"."""

    id: str
    name: str
    type: str = "user"


class Labels(Answer):
    """users.labels.list."""

    labels: tuple[Label, ...] = ()


class Named(Answer):
    """A message, by its id alone or with its labels."""

    id: Uid
    label_ids: Ids = frozenset()


class Listed(Answer):
    """A page of users.messages.list, the newest first."""

    messages: tuple[Named, ...] = ()
    next_page_token: str = ""


class Change(Answer):
    """A message that came, went, or got or lost `label_ids`."""

    message: Named
    label_ids: Ids = frozenset()


class Record(Answer):
    """What happened at one point of the history."""

    id: HistoryId
    messages_added: tuple[Change, ...] = ()
    labels_added: tuple[Change, ...] = ()
    labels_removed: tuple[Change, ...] = ()
    messages_deleted: tuple[Change, ...] = ()


class History(Answer):
    """A page of users.history.list, the oldest first; `history_id` is where the mailbox is now."""

    history: tuple[Record, ...] = ()
    history_id: HistoryId
    next_page_token: str = ""


class Header(Answer):
    """A header field."""

    name: str
    value: str


class Payload(Answer):
    """The headers of a message."""

    headers: tuple[Header, ...] = ()


class Message(Answer):
    """users.messages.get: `raw` with format=raw, `payload` with format=metadata. The date is in ms since 1970."""

    id: Uid
    thread_id: str = ""
    label_ids: Ids = frozenset()
    internal_date: int = 0
    size_estimate: Annotated[int, Field(ge=0, lt=2**40)] = 0
    raw: Annotated[bytes | None, BeforeValidator(_bytes)] = None
    payload: Payload | None = None

    @property
    def received_at(self) -> datetime:
        """When Gmail got it, in UTC; now, where it says nothing that can be."""
        now = datetime.now(UTC)
        try:
            told = datetime.fromtimestamp(self.internal_date / 1000, UTC)
        except (OverflowError, OSError, ValueError):
            return now
        return told if self.internal_date > 0 else now

    def header(self) -> bytes:
        """The header as lines (RFC 5322), from what `payload` says of it; no more than is read of any header."""
        fields = self.payload.headers if self.payload else ()
        lines = (f"{field.name}: {' '.join(field.value.split())}\r\n" for field in fields if field.name.isprintable())
        return "".join(lines).encode("utf-8", "replace")[:HEADER] + b"\r\n"


def read(kind: type[A], data: bytes) -> A:
    """An answer of this kind. Raises `BadAnswer`."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False)[0]["loc"]
    raise BadAnswer(f"{kind.__name__}: {'.'.join(map(str, where[:1])) or 'no JSON'}")
