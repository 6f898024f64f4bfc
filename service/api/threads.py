"""Threads: messages that belong together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlalchemy import select

from service.api import pages
from service.api.messages import lines
from service.api.operation import read
from service.commands.command import Refused
from service.inputs import Id, Input, View
from service.store.tables import Message, Thread
from service.views import MessageLine

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST = 100
"""Messages shown of one thread."""


class ThreadLine(View):
    """A thread, as a list shows it."""

    id: Id
    subject: str
    latest_at: datetime
    message_count: int


class Threads(View):
    """A page of threads, the one with the latest message first."""

    threads: list[ThreadLine]
    next: pages.Next


class ThreadView(ThreadLine):
    """A thread with its messages."""

    messages: Annotated[list[MessageLine], Field(description=f"The latest {MOST}, the oldest of them first.")]


class One(Input):
    """Which thread."""

    id: Id


def list_threads(session: Session, given: pages.Page) -> Threads:
    """A page of the threads."""
    rows, next_ = pages.page(session, select(Thread), Thread.latest_at, Thread.id, given)
    return Threads(threads=[ThreadLine.model_validate(row) for row in rows], next=next_)


def get_thread(session: Session, given: One) -> ThreadView:
    """A thread with its messages."""
    thread = session.get(Thread, given.id)
    if thread is None:
        raise Refused(404, f"there is no thread {given.id}")
    latest = lines().where(Message.thread_id == thread.id).order_by(Message.received_at.desc(), Message.id.desc())
    messages = [MessageLine.model_validate(row) for row in session.execute(latest.limit(MOST)).all()]
    line = ThreadLine.model_validate(thread)
    return ThreadView(**line.model_dump(), messages=messages[::-1])


OPERATIONS = (
    read("threads.list", "/threads", "List threads", Threads, list_threads, pages.Page),
    read("threads.get", "/threads/{id}", "Show a thread", ThreadView, get_thread, One, (404,)),
)
