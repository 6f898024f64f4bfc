"""The status: how each mailbox is, how much waits, and who works."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlalchemy import func, select, text
from starlette.responses import Response

from service.api.operation import NO_STORE, Asked, Operation, judged
from service.control.tasks import TERM
from service.inputs import Id, Input, View
from service.store.clock import now
from service.store.people import is_owner
from service.store.scope import read_as
from service.store.tables import Account, DeadLetter, Message, Worker
from service.views import AccountView, State

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST = 100
"""Workers shown, the latest first."""
Seconds = Annotated[float, Field(ge=0, description="In seconds.")]


class AccountStatus(View):
    """How a mailbox is."""

    id: Id
    name: str
    state: State
    error: Annotated[str, Field(description='What is wrong, in words; "" for nothing.')]
    stored_bytes: Annotated[int, Field(ge=0, description="Of its mail, as it is stored.")]
    needs_reauth: Annotated[bool, Field(description="Whether it waits for new credentials.")]
    paused: bool
    last_success_at: Annotated[datetime | None, Field(description="When all that it had was last in the store.")]
    lag: Annotated[Seconds | None, Field(description="Seconds since then; null before the first time.")]
    waiting: Annotated[int, Field(description="Messages that are stored and not understood yet.")]
    oldest_waiting: Annotated[Seconds, Field(description="Age of the oldest of them, in seconds.")]
    dead_letters: int


class WorkerStatus(View):
    """A process that works, or did."""

    id: str
    started_at: datetime
    seen_at: datetime


class Status(View):
    """How the assistant is."""

    schema_revision: str
    waiting: int
    dead_letters: int
    stored_bytes: Annotated[int, Field(ge=0, description="Of all mail of these mailboxes, as it is stored.")]
    quota_bytes: Annotated[int | None, Field(description="So much of it may be stored; null for any number.")]
    accounts: list[AccountStatus]
    working: Annotated[bool, Field(description="Whether there is a worker that lives.")]
    workers: Annotated[list[WorkerStatus], Field(description="Who works; told to the owner of the service alone.")]


class Nothing(Input):
    """Nothing: there is one status."""


def get_status(session: Session, *, names: bool, quota: int = 0) -> Status:
    """How the assistant is, where a user may store so much; with the `names` of the workers or without."""
    at = now(session)
    counted = select(DeadLetter.account_id, func.count()).group_by(DeadLetter.account_id)
    letters = {account_id: number for account_id, number in session.execute(counted)}  # noqa: C416  # rows are no pairs to mypy
    buried = select(DeadLetter.message_id)
    open_ = select(Message.account_id, func.count(), func.min(Message.stored_at)).group_by(Message.account_id)
    open_ = open_.where(Message.analysed_at.is_(None), Message.id.not_in(buried))
    waiting = {account_id: (number, oldest) for account_id, number, oldest in session.execute(open_)}
    accounts = []
    stored = 0
    for account in session.scalars(select(Account).order_by(Account.id)):
        stored += account.stored_bytes
        number, oldest = waiting.get(account.id, (0, at))
        shown = AccountView.model_validate(account)
        accounts.append(
            AccountStatus(
                **shown.model_dump(include=set(AccountStatus.model_fields)),
                needs_reauth=account.state == "needs_reauth",
                lag=None if account.last_success_at is None else _age(account.last_success_at, at),
                waiting=number,
                oldest_waiting=_age(oldest, at),
                dead_letters=letters.get(account.id, 0),
            )
        )
    workers = session.scalars(select(Worker).order_by(Worker.seen_at.desc(), Worker.id).limit(MOST)).all()
    return Status(
        schema_revision=str(session.scalar(text("SELECT version_num FROM alembic_version"))),
        waiting=sum(account.waiting for account in accounts),
        dead_letters=sum(letters.values()),
        stored_bytes=stored,
        quota_bytes=quota or None,
        accounts=accounts,
        working=any(worker.seen_at > at - TERM for worker in workers),
        workers=[WorkerStatus.model_validate(worker) for worker in workers] if names else [],
    )


def _serve(asked: Asked) -> Response:
    judged(Nothing, asked.given)
    names = is_owner(asked.services.database, asked.user_id)
    with read_as(asked.services.database, asked.user_id) as session:
        shown = get_status(session, names=names, quota=asked.services.quota)
    return Response(shown.model_dump_json(), media_type="application/json", headers=NO_STORE)


OPERATIONS = (Operation("status.get", "GET", "/status", "Show how the assistant is", Nothing, Status, _serve),)


def _age(since: datetime, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds())
