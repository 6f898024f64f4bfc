"""The service as a process, for tests that only look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.process import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.boot import Boot


@pytest.fixture(scope="module")
def service() -> Iterator[Boot]:
    """The service with default settings, ready; shared by the tests of a module."""
    with start() as process:
        yield process.wait_ready()
