"""Who may connect: nobody without a token, and whoever has one hears of its own user alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import socketio
import websockets
from hypothesis import given
from hypothesis import strategies as st

from service.access import Access
from service.access.authenticator import Authenticator
from service.access.caller import Caller, digest
from service.live.admission import Admitted, Refused, admit
from service.store.database import Database
from service.store.tables import AccessToken, User
from service.store.url import DatabaseUrl
from tests.probes.proc import eventually
from tests.service.engine import AUTH, PATIENCE, WEBSOCKET, Polling, run_client
from tests.service.live.listener import OWNER, TRANSPORTS, Listener, append, serve
from tests.service.process import TOKEN, metric, start_app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot

NEEDED = "an access token is needed: connect with auth"
WRONG = "the access token opens nothing here: connect with auth"


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [
        (None, NEEDED),
        ({}, NEEDED),
        ({"token": ""}, NEEDED),
        ({"token": 7}, NEEDED),
        ({"token": "wrong"}, WRONG),
        ({"token": TOKEN[:-1]}, WRONG),
        ({"token": "\ud800\0"}, WRONG),
        ([TOKEN], "auth is not an object: connect with auth"),
        ({"token": TOKEN, "last_id": -1}, "last_id is -1, and accepted is the id of an event: a whole number from 0"),
        ({"token": TOKEN, "last_id": "9" * 99_999}, "last_id is '9999"),
    ],
)
def test_a_client_is_refused_with_a_sentence(service: Boot, auth: Any, sentence: str) -> None:
    """It is told what is missing, without what it sent, and is told nothing else."""
    with Polling(service.url) as client:
        client.open()
        client.post("40" + ("" if auth is None else json.dumps(auth)))
        [packet] = client.poll()
        assert packet.startswith("44{")
        message = json.loads(packet[2:])["message"]
        assert message.startswith(sentence)
        assert len(message) < 300
        assert TOKEN[:-1] not in message
        client.post('42["command",{"name":"control.pause-all"}]')
        client.post("41")
        client.post("3")
        assert metric(service, "airlock_live_clients") == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_library_is_told_why_it_is_refused(service: Boot, transport: str) -> None:
    """Python's client shows the sentence to whoever listens for `connect_error`."""

    async def scenario() -> Any:
        client = socketio.AsyncClient(reconnection=False)
        told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        client.on("connect_error", told.set_result)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(service.url, transports=[transport], auth={"token": "wrong"}, wait_timeout=PATIENCE)
        return await told

    assert run_client(scenario())["message"].startswith(WRONG)


def test_a_token_in_the_header_is_as_good(service: Boot) -> None:
    """`Authorization: Bearer` with the handshake, for clients that have no `auth`."""
    with Polling(service.url) as client:
        client.open(Authorization=f"Bearer {TOKEN}")
        client.post("40")
        assert client.poll()[0].startswith("40{")
        client.post("1")


def test_a_session_that_does_not_connect_is_closed(service: Boot) -> None:
    """Over either transport, whether it says nothing or was refused; its memory is free after a few seconds."""

    async def scenario() -> None:
        async with websockets.connect(f"ws://127.0.0.1:{service.port}{WEBSOCKET}") as websocket:
            await websocket.recv()
            await websocket.send("40")
            assert str(await websocket.recv()).startswith("44")
            await asyncio.wait_for(websocket.wait_closed(), PATIENCE)

    with Polling(service.url) as silent, Polling(service.url) as connected:
        silent.open()
        connected.connect()
        poll = silent.begin_poll()
        asyncio.run(scenario())
        assert poll.getresponse().read() == b""
        poll.close()
        assert silent.http.get(silent.path).status_code == 400
        assert connected.post("3").status_code == 200
        connected.post("1")
    eventually(lambda: metric(service, "socketio_connections") == 0)


def test_nobody_hears_of_another_user(tmp_path: Path) -> None:
    """Two users with a token each: either is sent its own log, whatever rooms its client asks for."""
    url = DatabaseUrl(f"sqlite:///{tmp_path / 'airlock.sqlite'}")

    async def scenario() -> None:
        mine, yours = (
            Listener(boot.url, "websocket", 0, auth=auth(OWNER)),
            Listener(boot.url, "polling", 0, auth=auth(2)),
        )
        async with mine, yours:
            for event in ("join", "enter_room", "subscribe", "room"):
                for room in (1, "1", "user:1", mine.client.get_sid()):
                    await yours.client.emit(event, room)
            append(database, 3, OWNER)
            await mine.has(3)
            append(database, 1, 2, whose="yours")
            await yours.hears("message.new")
            assert mine.ids == [1, 2, 3]
            assert [event["data"] for event in yours.events] == [{"n": 0, "whose": "yours"}]

    def auth(user_id: int) -> dict[str, str]:
        return {"token": f"the token of user {user_id}"}

    with serve(url, ACCESS_TOKEN="") as boot:
        boot.wait_ready()
        database = Database(url)
        with database.write() as session:
            now = datetime.now(UTC)
            session.add(User(id=2, name="another", created_at=now, last_event=0, pruned_event=0))
            session.flush()
            for user_id in (OWNER, 2):
                digest = hashlib.sha256(auth(user_id)["token"].encode()).hexdigest()
                session.add(AccessToken(user_id=user_id, name="test", digest=digest, created_at=now))
        run_client(scenario())
        database.close()


def test_a_user_who_is_gone_is_served_no_more(tmp_path: Path) -> None:
    """With the user the connection ends, and its token opens nothing."""
    url = DatabaseUrl(f"sqlite:///{tmp_path / 'airlock.sqlite'}")

    async def scenario() -> None:
        async with Listener(boot.url, "websocket", auth=AUTH) as listener:
            await listener.hears("sync.complete")
            refused = asyncio.Event()
            listener.client.on("connect_error", lambda *_: refused.set())
            with database.write() as session:
                session.delete(session.get(User, OWNER))
            await asyncio.wait_for(refused.wait(), PATIENCE)

    with serve(url) as boot:
        boot.wait_ready()
        database = Database(url)
        run_client(scenario())
        database.close()
        assert "Traceback" not in boot.output


def test_the_state_of_tasks_is_told_to_clients_with_a_token_alone(tmp_path: Path) -> None:
    """A session that has not connected hears nothing when a task goes down; one that has does."""

    async def scenario() -> None:
        url = f"ws://127.0.0.1:{boot.port}{WEBSOCKET}"
        async with websockets.connect(url) as stranger, Listener(boot.url, "websocket") as listener:
            await stranger.recv()
            await stranger.send('40{"token":"wrong"}')
            assert str(await stranger.recv()).startswith("44")
            await asyncio.to_thread(boot.get, "/silence")
            _, told = await listener.hears("control_status")
            assert (told["task"], told["status"]) == ("heart", "down")
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(stranger.recv(), PATIENCE)

    with start_app(tmp_path, app="replica:app") as boot:
        boot.wait_ready()
        run_client(scenario())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["token", "last_id", "x"]), x)), st.text())  # fmt: skip
def test_whatever_is_sent_is_refused_or_admitted(auth: Any, header: str) -> None:
    """Without the token nothing opens, and no other exception leaves."""

    class Closed(Authenticator):
        def __init__(self) -> None:
            self.browsers = None

        def by_token(self, token: str, _: str) -> Caller | None:
            assert isinstance(token, str)
            return None

    with pytest.raises(Refused):
        asyncio.run(admit(Closed(), {"HTTP_AUTHORIZATION": header}, auth))


def test_a_token_admits_with_the_last_id(database: Database) -> None:
    """The user is the token's, and the last id the client's, or none."""
    from pydantic import SecretStr

    access = Access(database, SecretStr(TOKEN))
    access.prepare(serves=True)
    authenticator = Authenticator(database, access)
    owner = Caller(OWNER, "access token", digest(TOKEN))
    assert asyncio.run(admit(authenticator, {}, AUTH)) == Admitted(owner, None)
    assert asyncio.run(admit(authenticator, {}, {**AUTH, "last_id": 7})) == Admitted(owner, 7)
