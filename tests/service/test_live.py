"""Live events: what a Socket.IO client is told, and what is refused at the door."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import socketio
import websockets

import probes
from tests.service.engine import AUTH, CONNECT, HANDSHAKE, PATIENCE, WEBSOCKET, Polling, run_client
from tests.service.process import metric, start

if TYPE_CHECKING:
    from tests.boot import Boot


def websocket(boot: Boot) -> websockets.connect:
    """A raw websocket to Engine.IO."""
    return websockets.connect(f"ws://127.0.0.1:{boot.port}{WEBSOCKET}", open_timeout=PATIENCE)


async def connected(client: Any) -> list[str]:
    """Connect a raw websocket to the default namespace; the packets that come back."""
    await client.recv()
    await client.send(CONNECT)
    return [await client.recv() for _ in range(3)]


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]])
def test_a_client_is_told_that_it_is_connected(service: Boot, transports: list[str]) -> None:
    """Python's client gets `connection_status` with the identity of the service, over each transport."""

    async def scenario() -> Any:
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        async with socketio.AsyncSimpleClient() as client:
            await client.connect(service.url, transports=transports, auth=AUTH, wait_timeout=PATIENCE)
            told.set_result(await client.receive(PATIENCE))
            return client.sid, await told

    sid, (event, status) = run_client(scenario())
    assert event == "connection_status"
    assert datetime.fromisoformat(status.pop("server_time")).tzinfo is not None
    assert status == {"status": "connected", "sid": sid, "version": probes.__version__, "mode": "all"}


def test_the_status_follows_the_acknowledgement(service: Boot) -> None:
    """No client library sees an event of a namespace that it is not yet connected to."""
    with Polling(service.url) as client:
        acknowledgement, status, _ = client.connect()
    assert acknowledgement.startswith("40{")
    assert status.startswith('42["connection_status",')


def test_a_client_cannot_make_up_a_connection() -> None:
    """Events that a client names connect or disconnect reach no handler, and odd ones break nothing."""

    async def scenario(boot: Boot) -> list[Any]:
        async with websocket(boot) as client:
            await connected(client)
            for packet in ('42["connect",{}]', '42["disconnect"]', '42[{"a":1}]', '42["anything"]', "42", "4x"):
                await client.send(packet)
            await client.send("41")
            await client.send(CONNECT)
            return [await client.recv() for _ in range(3)]

    with start() as boot:
        packets = asyncio.run(scenario(boot.wait_ready()))
        assert packets[0].startswith("40{")
        assert packets[1].startswith('42["connection_status",')
        assert metric(boot, 'socketio_events_total{direction="received"}') == 2
        assert (
            metric(boot, 'socketio_events_total{direction="sent"}') == 4
        )  # each time a greeting and where it is in the log


def test_connections_are_counted() -> None:
    """The gauge follows sessions as they come and go, and no metric has an event's name."""

    async def scenario(boot: Boot) -> None:
        async with websocket(boot) as client:
            await connected(client)
            assert metric(boot, "socketio_connections") == 1
        with Polling(boot.url) as polling:
            polling.connect()
            assert metric(boot, "socketio_connections") == 1
            polling.post("1")
            assert metric(boot, "socketio_connections") == 0

    with start() as boot:
        assert metric(boot.wait_ready(), "socketio_connections") == 0
        asyncio.run(scenario(boot))
        assert "connection_status" not in boot.get("/metrics").body.decode()


def test_sessions_over_the_cap_are_refused_and_the_others_go_on() -> None:
    """Both handshakes get 503 with Retry-After, existing sessions live, and room that is made is given away."""

    async def refused(boot: Boot) -> Any:
        with pytest.raises(websockets.InvalidStatus) as raised:
            async with websocket(boot):
                pass
        return raised.value.response

    with start(SOCKETIO_MAX_SESSIONS="2") as boot, Polling(boot.wait_ready().url) as first:
        first.connect()
        with Polling(boot.url) as second, Polling(boot.url) as third:
            second.connect()
            reply = third.open()
            assert reply.status_code == reply.json()["status"] == 503
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.headers["retry-after"] == "5"
            assert reply.json()["detail"] == "all 2 sessions are taken (SOCKETIO_MAX_SESSIONS)"
            response = asyncio.run(refused(boot))
            assert response.status_code == json.loads(response.body)["status"] == 503
            assert response.headers["retry-after"] == "5"
            assert metric(boot, "socketio_connections") == 2
            assert second.post("1").status_code == 200
            assert third.open().status_code == 200
        assert first.post("3").status_code == 200


def test_a_burst_of_handshakes_stops_at_the_cap_exactly() -> None:
    """However many clients come at once, as many are admitted as there is room for."""

    async def scenario(boot: Boot) -> list[int]:
        async with httpx2.AsyncClient(base_url=boot.url, timeout=PATIENCE) as client:
            addresses = ({"X-Forwarded-For": f"203.0.113.{number}"} for number in range(60))
            replies = await asyncio.gather(*(client.get(HANDSHAKE, headers=address) for address in addresses))
        return [reply.status_code for reply in replies]

    with start(SOCKETIO_MAX_SESSIONS="25", TRUSTED_PROXIES="127.0.0.1") as boot:
        statuses = asyncio.run(scenario(boot.wait_ready()))
        assert sorted(statuses) == [200] * 25 + [503] * 35
        assert metric(boot, "socketio_connections") == 25


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/socket.io/?EIO=4&transport=websocket", 400),
        ("GET", "/socket.io/?EIO=3&transport=polling", 400),
        ("GET", "/socket.io/?EIO=4&transport=carrier-pigeon", 400),
        ("GET", "/socket.io/?EIO=4&transport=polling&sid=nobody", 400),
        ("POST", "/socket.io/?EIO=4&transport=polling", 400),
        ("PUT", "/socket.io/?EIO=4&transport=polling", 405),
    ],
)
def test_what_is_refused_makes_no_session(service: Boot, method: str, path: str, status: int) -> None:
    """A request that is not the beginning of a session leaves nothing behind."""
    before = metric(service, "socketio_connections")
    headers = {"Connection": "keep-alive", "Upgrade": "websocket"}
    assert httpx2.request(method, service.url + path, headers=headers).status_code == status
    assert metric(service, "socketio_connections") == before


def test_a_websocket_that_claims_to_poll_is_refused(service: Boot) -> None:
    """The transport of the query must be the one that is used."""

    async def scenario() -> int:
        url = f"ws://127.0.0.1:{service.port}{HANDSHAKE}"
        with pytest.raises(websockets.InvalidStatus) as raised:
            async with websockets.connect(url):
                pass
        return raised.value.response.status_code

    assert asyncio.run(scenario()) == 400


@pytest.mark.parametrize("frame", ["x", "", "4" + "[" * 100_000, "bA"])
def test_a_websocket_that_sends_garbage_is_closed_and_forgotten(service: Boot, frame: str) -> None:
    """A frame that is no packet ends the session at once, without a traceback."""

    async def scenario() -> None:
        async with websocket(service) as client:
            await client.recv()
            await client.send(frame)
            await asyncio.wait_for(client.wait_closed(), PATIENCE)
            assert client.close_code == 1002

    before = metric(service, "socketio_connections")
    asyncio.run(scenario())
    assert metric(service, "socketio_connections") == before
    assert "Error in ASGI Framework" not in service.output


def test_websocket_only_is_a_choice() -> None:
    """With SOCKETIO_TRANSPORTS=websocket nothing polls, so several replicas need no sticky sessions."""

    async def scenario(boot: Boot) -> str:
        async with websocket(boot) as client:
            return (await connected(client))[0]

    with start(SOCKETIO_TRANSPORTS="websocket") as boot, Polling(boot.wait_ready().url) as client:
        assert client.open().status_code == 400
        assert asyncio.run(scenario(boot)).startswith("40{")


def test_a_poll_is_answered_when_its_client_says_goodbye(service: Boot) -> None:
    """Leaving does not wait for the next ping."""
    with Polling(service.url) as client:
        client.connect()
        poll = client.begin_poll()
        client.post("1")
        assert poll.getresponse().read() == b""
        poll.close()
