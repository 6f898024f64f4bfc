"""The newest secret that a server gave is kept, unless the owner of the account knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from service.mail.source import Gone
from service.store.opened import Store
from service.store.tables import Account
from service.store.vault import Vault
from service.worker.sources import Keeper
from tests.service.store.followed import make_mailbox

if TYPE_CHECKING:
    from service.store.database import Database


def test_the_newest_secret_is_kept_until_the_owner_enters_another(database: Database) -> None:
    """Each in place of the one before; then what a server gives for the old one is refused, as without an account."""
    vault, account_id = Vault(["k" * 32]), make_mailbox(database).account_id

    def enter(secret: str) -> None:
        with database.write() as session:
            session.get_one(Account, account_id).secret = vault.lock(secret)

    def stored() -> str:
        with database.read() as session:
            return vault.unlock(session.get_one(Account, account_id).secret or b"")

    enter("first")
    keep = Keeper(Store(database, vault), account_id, "first")
    for secret in ("second", "third"):
        keep(secret)
        assert stored() == secret
    enter("by the owner")
    with pytest.raises(Gone):
        keep("fourth")
    assert stored() == "by the owner"
    keep = Keeper(Store(database, vault), account_id, "by the owner")
    with database.write() as session:
        session.execute(delete(Account).where(Account.id == account_id))
    with pytest.raises(Gone):
        keep("fifth")
