"""The user takes everything back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import delete, func, select, text, update

from service.commands.access import take_back
from service.commands.command import Command, Done
from service.inputs import Input, View
from service.store.database import one_at_a_time
from service.store.events import New
from service.store.scope import owned
from service.store.tables import AccessToken, Account, Base, Message, User
from service.store.tables import Command as Answered

if TYPE_CHECKING:
    from service.commands.command import Work

_STAY = (User, AccessToken)
"""What the log needs and what the owner comes in by; who signs in again is somebody new, or the owner anew."""


class Confirm(Input):
    """The words that say that it is meant."""

    confirm: Literal["delete everything"]


class Gone(View):
    """How much is gone."""

    messages: int
    access: Annotated[str, Field(description='What becomes of access at providers of mail, in words; "" for none.')]


def delete_everything(work: Work, _: Confirm) -> Done[Gone]:
    """Delete all that is the user's: accounts, mail, what was understood and learned, rules, events and the audit.

    Who the user is to a provider goes too, and every session and token but the access token: they are signed out.
    """
    session = work.session
    # In the order of everybody who brings mail, or each could wait for the other.
    accounts = session.scalars(select(Account).order_by(Account.id).with_for_update()).all()
    access = take_back(work, *accounts)
    one_at_a_time(session, work.user_id)
    messages = session.scalars(select(func.count()).select_from(Message)).one()
    tables = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    for table in reversed(Base.metadata.sorted_tables):
        kind = tables[table]
        if kind in _STAY or owned(kind, work.user_id) is None:
            continue
        # The row of this very command's key is younger.
        session.execute(delete(kind).where(Answered.at < work.now) if kind is Answered else delete(kind))
    session.execute(update(User).values(pruned_event=User.last_event, name=""))
    if session.get_bind().dialect.name == "sqlite":
        # Words of deleted mail stay in the index until it is written anew (SQLite, FTS5, 6.9).
        session.execute(text("INSERT INTO messages_search (messages_search) VALUES ('rebuild')"))
    return Done(Gone(messages=messages, access=access), (New("everything.deleted", {}),), {"messages": messages})


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("everything.delete", "Delete everything", Confirm, Gone, delete_everything),
)
