"""Whose rows a session sees. Queries cannot forget it: every statement is narrowed to one user, or refused.

What serves a request is inside `serving`: its sessions see one user's rows however they were opened, and nobody's until
it is known whose request it is. The work of the service itself is outside, and names the user in its own statements.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import event, select
from sqlalchemy.orm import Session, with_loader_criteria

from service.store import naming
from service.store.tables import Account, Base, Folder, Message, Placement, Raw, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import ORMExecuteState, UOWTransaction
    from sqlalchemy.orm.util import LoaderCriteriaOption

    from service.store.database import Database

Whose = int | Literal["nobody", "everybody"]

_SCOPE = "scope"  # the key in a session's info
_served: ContextVar[Whose] = ContextVar("served", default="everybody")


class Unscoped(RuntimeError):
    """A statement that would see or change rows of others: a mistake of the service, and nothing is done."""


@contextmanager
def serving(whose: Whose) -> Iterator[None]:
    """What is done inside, in threads that it waits for too, is for that user; before one is known, for nobody."""
    token = _served.set(whose)
    try:
        yield
    finally:
        _served.reset(token)


@contextmanager
def read_as(database: Database, user_id: Whose) -> Iterator[Session]:
    """A transaction that reads what is the user's. "everybody" is for finding out who asks, and for nothing else."""
    with database.read() as session:
        session.info[_SCOPE] = user_id
        yield session


@contextmanager
def write_as(database: Database, user_id: Whose) -> Iterator[Session]:
    """A transaction that sees and changes what is the user's; committed at the end, undone by an exception."""
    with database.write() as session:
        session.info[_SCOPE] = user_id
        yield session


def user_of(session: Session) -> int:
    """Whose rows the session sees."""
    whose = _whose(session)
    if not isinstance(whose, int):
        raise Unscoped(f"a session that sees the rows of {whose} belongs to no user")
    return whose


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


@lru_cache(maxsize=1)
def owned_tables() -> frozenset[str]:
    """The names of the tables whose rows belong to users."""
    tables = [mapper.class_ for mapper in Base.registry.mappers]
    return frozenset(table.__tablename__ for table in tables if owned(table, 0) is not None)


@lru_cache(maxsize=64)
def _criteria(user_id: int) -> tuple[LoaderCriteriaOption, ...]:
    tables = [mapper.class_ for mapper in Base.registry.mappers]
    found = [(table, owned(table, user_id)) for table in tables]
    return tuple(
        with_loader_criteria(table, criterion, include_aliases=True)
        for table, criterion in found
        if criterion is not None
    )


def _whose(session: Session) -> Whose:
    served = _served.get()
    whose: Whose = session.info.get(_SCOPE, served)
    if isinstance(served, int) and isinstance(whose, int) and whose != served:
        raise Unscoped(f"a request of user {served} opens a session of user {whose}")
    return whose


@event.listens_for(Session, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    whose = _whose(state.session)
    if whose == "everybody" or state.is_column_load:
        return
    tables, bare = naming.of(state.statement, owned_tables())
    if not tables:
        return
    if whose == "nobody":
        raise Unscoped(f"a statement on {_words(tables)}, and it is not known for whom")
    criteria = state.session.info.setdefault((_SCOPE, whose), _criteria(whose))
    if criteria[0] in state.statement._with_options:
        return  # the ORM looks for the rows that a narrowed DELETE or UPDATE is about
    if bare or state.is_insert or not state.is_orm_statement:
        raise Unscoped(f"a statement on {_words(bare or tables)} that cannot be narrowed: ask the ORM by its classes")
    state.statement = state.statement.options(*criteria)


@event.listens_for(Session, "before_flush")
def _refuse_others(session: Session, _: UOWTransaction, __: Any) -> None:
    whose = _whose(session)
    if whose == "everybody":
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        owner = row.id if isinstance(row, User) else getattr(row, "user_id", whose)
        if owner != whose or (whose == "nobody" and row.__tablename__ in owned_tables()):
            raise Unscoped(f"a row of {type(row).__name__} for another user than the session's, which is {whose}")


def _words(tables: frozenset[str]) -> str:
    return ", ".join(sorted(tables))
