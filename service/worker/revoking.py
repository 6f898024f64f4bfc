"""Takes the access to mailboxes back that are followed no longer."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import select

from probes import Failure
from service.mail.registry import GMAIL, Allowed
from service.store.tables import Account

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.opened import Store

log = logging.getLogger("service.worker")


def revoke(store: Store, settings: Settings, locked: str, mailbox: str) -> None:
    """Revoke a locked refresh token, unless its user follows that mailbox (`Vault.mailbox`) again.

    Raises `SourceError`.

    Google takes back all access of one person to one client together: a newer token would be worth nothing either.
    """
    google = Allowed.by(settings).google
    if google is None or _is_followed(store, mailbox):
        return
    from service.mail.gmail import oauth  # where there is something to take back: Authlib takes long

    try:
        oauth.revoke(google, store.vault.unlock(locked.encode()))
    except Failure:
        log.warning("access to a mailbox that was forgotten is not taken back: its key is not in SECRET_KEYS any more")


def _is_followed(store: Store, mailbox: str) -> bool:
    with store.database.read() as session:
        known = select(Account).where(Account.kind == GMAIL, Account.address != "")  # "": a script did not say
        accounts = session.scalars(known).all()
    return mailbox in map(store.vault.mailbox, accounts)
