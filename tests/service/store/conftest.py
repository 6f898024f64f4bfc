"""Databases and accounts for the tests of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.store.followed import Mailbox, make_mailbox

if TYPE_CHECKING:
    from service.store.database import Database


@pytest.fixture
def mailbox(database: Database) -> Mailbox:
    """An account that a worker follows, on each kind of database."""
    return make_mailbox(database)
