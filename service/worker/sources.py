"""Opens the source of an account that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes import Failure
from service.mail.registry import Allowed, InvalidSettings, open_source
from service.mail.source import Gone, SourceError
from service.store.people import owner
from service.store.tables import Account

if TYPE_CHECKING:
    from service.mail.source import Source
    from service.settings import Settings
    from service.store.opened import Store


class Sources:
    """The sources of stored accounts, within what the operator allows."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._allowed = Allowed.by(settings)

    def open(self, account_id: int) -> Source:
        """The source of an account, which connects with its first sync. Raises `SourceError`, or `Gone`."""
        with self._store.database.read() as session:
            account = session.get(Account, account_id)
            if account is None:
                raise Gone
            kind, settings, locked = account.kind, account.settings, account.secret
            allowed = self._allowed if account.user_id == owner(session) else self._allowed.of_others()
        try:
            secret = self._store.vault.unlock(locked) if locked else ""
            return open_source(kind, settings, secret, allowed, Keeper(self._store, account_id, secret))
        except InvalidSettings as error:
            raise SourceError(str(error)) from None
        except Failure as error:
            raise SourceError(" ".join((error.detail, *error.resolution))) from None


class Keeper:
    """Stores the secret that a server gave in place of an account's own, unless its owner has entered another since."""

    def __init__(self, store: Store, account_id: int, secret: str) -> None:
        self._store = store
        self._account_id = account_id
        self._secret = secret

    def __call__(self, secret: str) -> None:
        """Raises `Gone` when the account, or its secret, is another one by now."""
        vault = self._store.vault
        with self._store.database.write() as session:
            account = session.get(Account, self._account_id, with_for_update=True)
            if account is None or account.secret is None or vault.unlock(account.secret) != self._secret:
                raise Gone
            account.secret = vault.lock(secret)
        self._secret = secret
