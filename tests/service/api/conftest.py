"""A service whose store has mail in it, and a client of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from service.access import Access
from service.store import schema
from service.store.database import Database
from service.store.url import DatabaseUrl
from tests.service.api.client import Api
from tests.service.api.seed import fill
from tests.service.process import TOKEN, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """The service, serving the API alone, with mail that is stored and understood; shared by the tests of a module."""
    data = tmp_path_factory.mktemp("data")
    (data / "maildir").mkdir()
    database = Database(DatabaseUrl(f"sqlite:///{data / 'airlock.sqlite'}"))
    schema.migrate(database)
    Access(database, SecretStr(TOKEN)).prepare(serves=True)
    fill(database)
    database.close()
    with start(DATA_DIR=str(data), WORKER_MODE="false", COSTLY_REQUESTS="1000000") as process:
        yield process.wait_ready()


@pytest.fixture(scope="module")
def api(filled: Boot) -> Iterator[Api]:
    """A client of it."""
    with Api(filled) as client:
        yield client
