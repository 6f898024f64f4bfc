"""The store as the rest of the service uses it: the database and the vault, opened once a process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from probes import Failure
from service.store import vault
from service.store.database import Database
from service.store.vault import Vault

if TYPE_CHECKING:
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept, and the key to what is kept secret."""

    database: Database
    vault: Vault
    quota: int = 0
    """Bytes of mail that are stored for each user; 0 for any number."""

    def close(self) -> None:
        """Close the database's connections."""
        self.database.close()


def open_store(settings: Settings) -> Store:
    """The store that the settings describe; connects with the first transaction. Raises `Failure`."""
    return Store(open_database(settings), Vault(_secrets(settings)), settings.storage_quota)


def open_database(settings: Settings) -> Database:
    """The database alone, for what needs no key. Raises `Failure`."""
    database = Database(settings.database)
    if database.is_sqlite:
        file = settings.database.url().database or ""
        _make_folder(file)
    return database


def _secrets(settings: Settings) -> list[str]:
    if settings.secret_keys:
        return [key.get_secret_value() for key in settings.secret_keys]
    if settings.database_url is not None and settings.database_url.url().drivername != "sqlite":
        raise Failure(
            "DATABASE_URL names a server, which several processes share, and SECRET_KEYS is not set: "
            "each of them would encrypt with a key of its own",
            "set SECRET_KEYS to a random text of at least 32 characters, the same for every process",
        )
    return [vault.secret_in(settings.data / "secret.key")]


def _make_folder(file: str) -> None:
    folder = Path(file).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(
            f"the folder of the database, {folder}, cannot be made: {error.strerror}",
            "set DATA_DIR, or DATABASE_URL, to a place where the user that runs the service may write",
        ) from None
