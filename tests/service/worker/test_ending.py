"""The end of a service whose database is away: it is asked to end, and ends, in the time that it has."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from service.store.url import DatabaseUrl
from tests.service.process import indicator
from tests.service.store.databases import PostgreSQL
from tests.service.tcp_proxy import TcpProxy
from tests.service.worker.kept import Kept
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 25
"""Seconds."""


@pytest.mark.docker
@pytest.mark.parametrize("fault", [TcpProxy.lose, TcpProxy.freeze])
def test_a_service_ends_while_its_database_is_away(fault: Callable[[TcpProxy], None], postgresql: PostgreSQL) -> None:
    """With the status of a clean end and within the grace period, whether the server is gone or says nothing."""
    with postgresql.lent() as url, TcpProxy(postgresql.port) as proxy:
        through = DatabaseUrl(url.get_secret_value().replace(f":{postgresql.port}/", f":{proxy.port}/"))
        with Kept(DATABASE_URL=through.get_secret_value(), GRACE_PERIOD=str(GRACE), DEMO="true") as kept:
            boot = kept.boot.wait_ready(60)
            wait_until(lambda: indicator(boot, "database").startswith("schema "))
            fault(proxy)
            wait_until(lambda: not indicator(boot, "database").startswith("schema "))
            began = time.monotonic()
            assert kept.end(signal.SIGTERM) == 0
            assert time.monotonic() - began < GRACE + 5  # the machine may be slow, the process is not
