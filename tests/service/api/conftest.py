"""A service whose store has mail in it, and a client of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.api.client import Api
from tests.service.api.seed import fill, fresh
from tests.service.process import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boot]:
    """The service, serving the API alone, with mail that is stored and understood; shared by the tests of a module."""
    data = tmp_path_factory.mktemp("data")
    (data / "maildir").mkdir()
    with fresh(data) as (database, _):
        fill(database)
    with start(DATA_DIR=str(data), WORKER_MODE="false", COSTLY_REQUESTS="1000000") as process:
        yield process.wait_ready()


@pytest.fixture(scope="module")
def api(filled: Boot) -> Iterator[Api]:
    """A client of it."""
    with Api(filled) as client:
        yield client
