"""Accounts for the tests of the worker, and a user who gives commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.store.opened import Store
from service.store.vault import Vault
from tests.service.commands.conftest import client, maildir
from tests.service.store.conftest import mailbox
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from service.store.database import Database

__all__ = ["client", "mailbox", "maildir"]


@pytest.fixture
def store(database: Database) -> Store:
    """The store, as the processes of a test have it."""
    return Store(database, Vault([KEYS]))
