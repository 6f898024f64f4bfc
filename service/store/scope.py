"""Whose rows a session sees. Queries cannot forget it: every statement of the session is narrowed to one user.

SQL that is given as text is the exception: it has to lead to rows of the tables below through a statement of the ORM.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session, with_loader_criteria

from service.store.tables import Account, Base, Folder, Message, Placement, Raw, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import ORMExecuteState, UOWTransaction
    from sqlalchemy.orm.util import LoaderCriteriaOption

    from service.store.database import Database

_USER = "user"  # the key in a session's info


@contextmanager
def read_as(database: Database, user_id: int) -> Iterator[Session]:
    """A transaction that reads what is the user's."""
    with database.read() as session:
        session.info[_USER] = user_id
        yield session


@contextmanager
def write_as(database: Database, user_id: int) -> Iterator[Session]:
    """A transaction that sees and changes what is the user's; committed at the end, undone by an exception."""
    with database.write() as session:
        session.info[_USER] = user_id
        yield session


def user_of(session: Session) -> int:
    """Whose rows the session sees."""
    user_id: int = session.info[_USER]
    return user_id


def owned(table: type[Base], user_id: int) -> ColumnElement[bool] | None:
    """What tells the user's rows of a table; None for one that belongs to no user."""
    mine = select(Message.id).where(Message.user_id == user_id)
    match table.__name__:
        case User.__name__:
            return User.id == user_id
        case Folder.__name__:
            return Folder.account_id.in_(select(Account.id).where(Account.user_id == user_id))
        case Placement.__name__:
            return Placement.message_id.in_(mine)
        case Raw.__name__:
            return Raw.message_id.in_(mine)
    column: Any = getattr(table, "user_id", None)
    return None if column is None else column == user_id


@lru_cache(maxsize=64)
def _criteria(user_id: int) -> tuple[LoaderCriteriaOption, ...]:
    tables = [mapper.class_ for mapper in Base.registry.mappers]
    found = [(table, owned(table, user_id)) for table in tables]
    return tuple(
        with_loader_criteria(table, criterion, include_aliases=True)
        for table, criterion in found
        if criterion is not None
    )


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    user_id = state.session.info.get(_USER)
    if user_id is not None and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(*_criteria(user_id))


@event.listens_for(Session, "before_flush")
def _refuse_others(session: Session, _: UOWTransaction, __: Any) -> None:
    user_id = session.info.get(_USER)
    for row in session.new if user_id is not None else ():
        if getattr(row, "user_id", user_id) != user_id:
            raise RuntimeError(f"a row of {type(row).__name__} for another user than the session's")
