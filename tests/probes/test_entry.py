"""What stands between the server and any application: the scope it is given, and the fields of its responses."""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import closing

import pytest
from websockets.sync.client import connect

from tests.boot import PATIENCE, Boot, request
from tests.conftest import BootModule


@pytest.fixture
def show(boot: BootModule) -> BootModule:
    """Boots the application that answers with its scope."""

    def start(env: dict[str, str] | None = None, **keys: object) -> Boot:
        return boot(env, app="shows_scope:app", lifespan="off", **keys)

    return start


def test_a_client_of_ipv4_is_shown_as_one(show: BootModule) -> None:
    """On the dual-stack socket too the address is the one that allow-lists and trusted proxies are written with."""
    with show() as process:
        process.wait_ready()
        assert process.get("/").json()["client"][0] == "127.0.0.1"


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_a_client_of_ipv6_keeps_its_address(show: BootModule) -> None:
    """Only what is mapped is changed."""
    with show({"HOST": "::1"}) as process:
        process.wait_ready()
        assert request(process.port, "GET", "/", host="::1").json()["client"][0] == "::1"


def test_an_application_gets_lower_case_field_names(show: BootModule) -> None:
    """As ASGI promises, whatever the client wrote, and each line of a repeated field."""
    with show() as process:
        process.wait_ready()
        with closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE)) as connection:
            connection.putrequest("GET", "/", skip_accept_encoding=True)
            for name in ("X-MiXeD", "ACCEPT", "Accept"):
                connection.putheader(name, "anything")
            connection.endheaders()
            assert b'"names": ["host", "x-mixed", "accept", "accept"]' in connection.getresponse().read()


def test_an_id_reaches_the_response_whoever_sends_it(show: BootModule) -> None:
    """A task that the application started, or the server when the application raised."""
    with show() as process:
        process.wait_ready()
        assert process.get("/", X_Request_ID="trace-1").fields["x-request-id"] == "trace-1"
        failed = process.get("/fails", X_Request_ID="trace-2")
        assert (failed.status, failed.fields["x-request-id"]) == (500, "trace-2")


def test_two_requests_of_one_connection_have_two_ids(show: BootModule) -> None:
    """Nothing of a request stays with its connection."""
    with show() as process:
        process.wait_ready()
        ids = []
        with closing(http.client.HTTPConnection("127.0.0.1", process.port, timeout=PATIENCE)) as connection:
            for _ in range(3):
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                ids += response.headers.get_all("x-request-id", [])
        assert all(re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", each) for each in ids)
        assert len(ids) == len(set(ids)) == 3


def test_websockets_are_still_accepted_during_the_drain_delay(show: BootModule) -> None:
    """What ends the connections of responses does not end the one that a handshake has just upgraded."""
    with show({"DRAIN_DELAY": "5", "GRACE_PERIOD": "10"}) as process:
        process.wait_ready()
        process.signal()
        process.wait_for("draining")
        with connect(f"ws://127.0.0.1:{process.port}/") as websocket:
            assert websocket.recv(PATIENCE) == "accepted"
            assert websocket.response is not None
            assert websocket.response.headers.get_all("connection") == ["Upgrade"]
