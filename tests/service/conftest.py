"""The service as a process, for tests that only look at it; and the databases and the mail server that it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.dovecot_server import dovecot, user
from tests.service.process import start
from tests.service.provider import MockProvider
from tests.service.store.databases import (
    database,
    database_url,
    empty_url,
    migrated_file,
    migrated_name,
    postgresql,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

__all__ = [
    "database",
    "database_url",
    "dovecot",
    "empty_url",
    "migrated_file",
    "migrated_name",
    "postgresql",
    "user",
]


@pytest.fixture(scope="module")
def service() -> Iterator[Boot]:
    """The service with default settings, ready; shared by the tests of a module."""
    with start() as process:
        yield process.wait_ready()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a service keeps what it has, for the tests of a module."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def provider() -> Iterator[MockProvider]:
    """A provider that knows Ann and Bob."""
    with MockProvider() as running:
        yield running
