"""Messages: lists of them, and each one whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from sqlalchemy import Select, func, select
from starlette.responses import Response

from service.api import pages
from service.api.downloads import as_file
from service.api.operation import download, read
from service.commands.command import Refused
from service.core.category import Category
from service.inputs import Id, Input, Time, View
from service.store import search
from service.store.documents import array_has, array_length
from service.store.scope import read_as
from service.store.tables import Analysis, Correction, Draft, Folder, Message, Placement, Raw
from service.views import MessageLine, MessageView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Filters(pages.Page):
    """Which messages; all that is given has to be so."""

    account: Id | None = None
    thread: Id | None = None
    folder: Text | None = None
    category: Category | None = None
    label: Text | None = None
    sender: Annotated[Text, Field(description="The whole address, in any case.")] | None = None
    since: Annotated[Time, Field(description="Received then or later.")] | None = None
    until: Annotated[Time, Field(description="Received before.")] | None = None
    seen: bool | None = None
    attachments: Annotated[bool, Field(description="Whether it has any.")] | None = None
    hidden: Annotated[bool, Field(description="Those that a rule hides, or those that none hides.")] = False
    removed: Annotated[bool, Field(description="Those that the mailbox has no more, or those that it has.")] = False
    q: Annotated[Text, Field(description='Words that are in it: "a phrase", -without, begin*.')] | None = None


class Messages(View):
    """A page of messages, the newest first."""

    messages: list[MessageLine]
    next: pages.Next


class One(Input):
    """Which message."""

    id: Id


def lines() -> Select[Any]:
    """What a list shows of messages, with what the assistant made of them."""
    plain = (
        Message.id, Message.account_id, Message.thread_id, Message.subject, Message.sender_name, Message.sender,
        Message.received_at, Message.size, Message.seen, Message.flagged, Message.answered, Message.removed_at,
    )  # fmt: skip
    understood = (
        Analysis.category, Analysis.score, Analysis.summary, Analysis.labels, Analysis.hidden, Analysis.pinned,
        Analysis.priority,
    )  # fmt: skip
    has_attachments = (array_length(Message.attachments) > 0).label("has_attachments")
    query: Any = select(*plain, has_attachments, *understood)
    lines: Select[Any] = query.join_from(Message, Analysis, Analysis.message_id == Message.id, isouter=True)
    return lines


def list_messages(session: Session, given: Filters) -> Messages:
    """A page of the messages that the filters leave."""
    rows, next_ = pages.page(session, _filtered(session, lines(), given), Message.received_at, Message.id, given)
    return Messages(messages=[MessageLine.model_validate(row) for row in rows], next=next_)


def get_message(session: Session, given: One) -> MessageView:
    """A message, whole."""
    message = session.get(Message, given.id)
    if message is None:
        raise _missing(given.id)
    folders = select(Folder.name).join(Placement, Placement.folder_id == Folder.id).distinct().order_by(Folder.name)
    shown = {
        **{column.key: getattr(message, column.key) for column in Message.__mapper__.column_attrs},
        "folders": list(session.scalars(folders.where(Placement.message_id == message.id))),
        "complete": session.scalar(select(Raw.complete).where(Raw.message_id == message.id)) is True,
        "analysis": session.get(Analysis, message.id),
        "correction": session.scalar(select(Correction).where(Correction.message_id == message.id)),
        "draft": session.scalar(select(Draft).where(Draft.message_id == message.id)),
    }
    return MessageView.model_validate(shown)


def get_raw(database: Database, user_id: int, given: One) -> Response:
    """The bytes of a message, to be kept as a file."""
    with read_as(database, user_id) as session:
        data = session.scalar(select(Raw.data).where(Raw.message_id == given.id))
    if data is None:
        raise _missing(given.id)
    return Response(data, media_type="message/rfc822", headers=as_file(f"message-{given.id}.eml"))


OPERATIONS = (
    read("messages.list", "/messages", "List messages", Messages, list_messages, Filters),
    read("messages.get", "/messages/{id}", "Show a message", MessageView, get_message, One, (404,)),
    download("messages.raw", "/messages/{id}/raw", "Download a message", ("message/rfc822",), get_raw, One, (404,)),
)


def _filtered(session: Session, query: Select[Any], given: Filters) -> Select[Any]:
    exact = (
        (Message.account_id, given.account),
        (Message.thread_id, given.thread),
        (Message.seen, given.seen),
        (Message.sender, given.sender and given.sender.lower()),
        (Analysis.category, given.category),
    )
    query = query.where(*(column == value for column, value in exact if value is not None))
    query = query.where(func.coalesce(Analysis.hidden, False) == given.hidden)
    query = query.where(Message.removed_at.is_not(None) if given.removed else Message.removed_at.is_(None))
    if given.since is not None:
        query = query.where(Message.received_at >= given.since)
    if given.until is not None:
        query = query.where(Message.received_at < given.until)
    if given.attachments is not None:
        query = query.where((array_length(Message.attachments) > 0) == given.attachments)
    if given.label is not None:
        query = query.where(array_has(Analysis.labels, given.label))
    if given.folder is not None:
        placed = select(Placement.message_id).join(Folder, Folder.id == Placement.folder_id)
        query = query.where(Message.id.in_(placed.where(Folder.name == given.folder)))
    if given.q is not None:
        query = query.where(search.matches(session, _terms(given.q)))
    return query


def _terms(typed: str) -> tuple[search.Term, ...]:
    terms = search.parse(typed)
    if not terms:
        what = "There is no word in it to search for"
        raise Refused(422, f"q: {what}", [{"where": "q", "what": what, "value": typed}])
    return terms


def _missing(message_id: int) -> Refused:
    return Refused(404, f"there is no message {message_id}")
