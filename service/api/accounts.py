"""Mailboxes: which are followed, and how each is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api.operation import command, read
from service.commands.accounts import Accounts, One
from service.commands.command import Refused
from service.inputs import Input
from service.store.tables import Account
from service.views import AccountView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Everything(Input):
    """Nothing: all are listed."""


def list_accounts(session: Session, _: Everything) -> Accounts:
    """All mailboxes, the oldest first."""
    accounts = session.scalars(select(Account).order_by(Account.id))
    return Accounts(accounts=[AccountView.model_validate(account) for account in accounts])


def get_account(session: Session, given: One) -> AccountView:
    """A mailbox."""
    account = session.get(Account, given.id)
    if account is None:
        raise Refused(404, f"there is no account {given.id}")
    return AccountView.model_validate(account)


OPERATIONS = (
    read("accounts.list", "/accounts", "List mailboxes", Accounts, list_accounts, Everything),
    read("accounts.get", "/accounts/{id}", "Show a mailbox", AccountView, get_account, One, (404,)),
    command("accounts.create", "POST", "/accounts", 201, (409,)),
    command("accounts.update", "PATCH", "/accounts/{id}", refusals=(404,)),
    command("accounts.delete", "DELETE", "/accounts/{id}", refusals=(404,)),
    command("accounts.pause", "POST", "/accounts/{id}/pause", refusals=(404,)),
    command("accounts.resume", "POST", "/accounts/{id}/resume", refusals=(404,)),
    command("accounts.sync", "POST", "/accounts/{id}/sync", refusals=(404, 409)),
    command("control.pause-all", "POST", "/pause"),
    command("control.resume-all", "POST", "/resume"),
)
