"""The vault: what opens other people's doors is encrypted at rest (Fernet: AES-128-CBC and HMAC-SHA-256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import tempfile
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
    """Encrypts with the first of the secrets, decrypts with any; each is random text of at least 32 characters."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_key(secret)) for secret in secrets])
        self._newest = _key(secrets[0])

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

    def fingerprint(self, text: str) -> str:
        """Tells a text from others (HMAC-SHA-256), and lets nobody guess it who has not the key."""
        return hmac.new(self._newest, text.encode(), hashlib.sha256).hexdigest()

    def mailbox(self, account: Account) -> str:
        """The fingerprint of a mailbox as its user's own: the address may be nothing but that user's word."""
        return self.fingerprint(f"{account.user_id} {account.address.lower()}")

    def rotate(self, session: Session) -> int:
        """Encrypt every stored credential anew, with the first key; returns how many there were. Raises `Failure`."""
        accounts = session.scalars(select(Account).where(Account.secret.is_not(None)).with_for_update()).all()
        for account in accounts:
            if account.secret is not None:
                account.secret = self.lock(self.unlock(account.secret))
        return len(accounts)


def secret_in(file: Path) -> str:
    """The secret in `file`, which is made, for its owner alone, when it is not there. Raises `Failure`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        raise Failure(
            f"the secret of the vault in {file} cannot be read or made: {error}",
            "make the folder of DATA_DIR writable for the user that runs the service",
            "or give the secret in SECRET_KEYS",
        ) from None


def _make(file: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)  # for its owner alone
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(32))
        os.link(name, file)  # whole or not at all, and never over another one
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


def _key(secret: str) -> bytes:
    # The text is random already, so one round makes it as good a key as many would.
    return base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest())
