"""The vault: what opens other people's doors is encrypted at rest (Fernet: AES-128-CBC and HMAC-SHA-256)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import select

from probes import Failure
from service.store.tables import Account

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session


class Vault:
    """Encrypts with the first of the keys, decrypts with any. Each key is 32 bytes in URL-safe base64."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def lock(self, secret: str) -> bytes:
        """The secret, encrypted."""
        return self._fernet.encrypt(secret.encode())

    def unlock(self, locked: bytes) -> str:
        """The secret; raises `Failure` when none of the keys made it."""
        try:
            return self._fernet.decrypt(locked).decode()
        except InvalidToken:
            raise Failure(
                "a stored credential cannot be read: none of the keys in force encrypted it",
                "put the key that was in force before behind the new one in SECRET_KEYS, separated by a comma",
                "or enter the credentials of the account again",
            ) from None

    def rotate(self, session: Session) -> int:
        """Encrypt every stored credential anew, with the first key; returns how many there were. Raises `Failure`."""
        accounts = session.scalars(select(Account).where(Account.secret.is_not(None)).with_for_update()).all()
        for account in accounts:
            if account.secret is not None:
                account.secret = self.lock(self.unlock(account.secret))
        return len(accounts)


def key_in(file: Path) -> str:
    """The key in `file`, which is made, for its owner alone, when it is not there. Raises `Failure`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        made = Fernet.generate_key()
        beside = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            new.write(made)
        try:
            os.link(beside, file)  # whole or not at all, and never over another one
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        key = file.read_text().strip()
        Fernet(key)
    except (OSError, ValueError) as error:
        raise Failure(
            f"the key of the vault in {file} is not usable: {error}",
            "make the folder of DATA_DIR writable for the user that runs the service",
            "or give the key in SECRET_KEYS",
        ) from None
    return key
