"""Limits over the wire: 429 in words to who asks too often, and nothing to anybody else."""

from __future__ import annotations

import asyncio
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import websockets
from sqlalchemy import func, select

from service.live.events import MOST
from service.store.database import Database
from service.store.tables import SignIn
from service.store.url import DatabaseUrl
from tests.probes.proc import eventually
from tests.service.api.client import Description
from tests.service.api.served import Served, served
from tests.service.engine import AUTH, HANDSHAKE, PATIENCE, WEBSOCKET, Polling
from tests.service.process import TOKEN, free_port, metric, start
from tests.service.provider import Browser, MockProvider, signs_in
from tests.service.store.followed import mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

HTTP = httpx2.Client(timeout=PATIENCE)
COSTLY = [
    ("GET", "/api/messages?q=hello"),
    ("GET", "/api/messages/1/html"),
    ("GET", "/api/messages/1/attachments/1"),
    ("GET", "/api/export/mbox"),
    ("GET", "/api/export/json"),
    ("POST", "/api/rules/dry-run"),
    ("POST", "/api/rules/apply"),
    ("POST", "/api/accounts/1/sync"),
    ("POST", "/api/accounts"),
    ("PATCH", "/api/accounts/1"),
    ("POST", "/api/accounts/1/resume"),
    ("POST", "/api/resume"),
]


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service behind a proxy that it trusts, with two users and the smallest budget."""
    folder = tmp_path_factory.mktemp("data")
    more = {"TRUSTED_PROXIES": "127.0.0.1", "COSTLY_REQUESTS": "20"}
    with served(folder, {"hello": mail()}, **signs_in("https://id.example.org", free_port(), **more)) as running:
        yield running
    HTTP.close()


def ask(boot: Boot, token: str, address: str, method: str = "GET", path: str = "/api/accounts") -> httpx2.Response:
    """A request of a client at an address."""
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    return HTTP.request(method, boot.url + path, headers=headers)


def says_when(response: httpx2.Response, words: str) -> None:
    """It is a problem as it is described, and says why and when to come again, in its header and in its words."""
    asked = response.request
    description = Description(HTTP.get(asked.url.join("/openapi.json")).raise_for_status().json())
    description.check(asked.method, asked.url.path, response)
    assert (response.status_code, response.headers["content-type"]) == (429, "application/problem+json")
    seconds = int(response.headers["retry-after"])
    assert seconds >= 1
    assert f"wait {seconds} second" in response.json()["detail"]
    assert words in response.json()["detail"]


@pytest.mark.parametrize("path", ["/api/accounts", "/auth/check", "/auth/tokens"])
def test_wrong_tokens(behind: Served, path: str) -> None:
    """From one address a handful is looked at; a right token from another one is served, as is one that has opened."""
    address = f"203.0.113.{len(path)}"
    answers = [ask(behind.boot, f"wrong {number}", address, path=path) for number in range(200)]
    assert 100 <= sum(answer.status_code != 429 for answer in answers) < 190
    says_when(answers[-1], "wrong tokens")
    assert ask(behind.boot, TOKEN, "198.51.100.1").status_code == 200
    assert ask(behind.boot, TOKEN, address).status_code == 200


def test_forged_x_forwarded_for(behind: Served, tmp_path: Path) -> None:
    """Without a proxy that is trusted every wrong token comes from where it does come from."""
    with served(tmp_path, {"hello": mail()}) as direct:
        answers = [ask(direct.boot, "wrong", f"203.0.113.{number}") for number in range(200)]
        assert sum(answer.status_code == 401 for answer in answers) < 190
        says_when(answers[-1], "wrong tokens")
        spelled = HTTP.get(
            f"{direct.boot.url}/api/accounts",
            headers={"Authorization": "Bearer wrong", "X_Forwarded_For": "192.0.2.1", "X-Real-IP": "192.0.2.1",
                     "Forwarded": "for=192.0.2.1", "True-Client-IP": "192.0.2.1"},
        )  # fmt: skip
        says_when(spelled, "wrong tokens")


def test_an_entry_that_the_client_wrote_does_not_count(behind: Served) -> None:
    """Behind a trusted proxy the address is the one that the proxy added, the last one."""
    answers = [ask(behind.boot, "wrong", f"192.0.2.{number}, 203.0.113.200") for number in range(200)]
    says_when(answers[-1], "wrong tokens")


@pytest.mark.parametrize(("method", "path"), COSTLY)
def test_what_is_costly(behind: Served, method: str, path: str) -> None:
    """One user asks too often, wherever from; the other one and what is cheap are served."""
    for number in range(100):
        if ask(behind.boot, TOKEN, f"198.51.100.{number}", path="/api/messages?q=word").status_code == 429:
            break
    says_when(ask(behind.boot, TOKEN, "198.51.100.200", method, path), "COSTLY_REQUESTS is 20 a minute")
    assert ask(behind.boot, behind.stranger, "198.51.102.1", "GET", "/api/messages").status_code == 200
    assert ask(behind.boot, TOKEN, "198.51.100.1", "GET", "/api/messages").status_code == 200


def test_what_is_costly_over_socketio(behind: Served) -> None:
    """A command counts as it does over HTTP, and its acknowledgement says the same."""

    async def scenario() -> dict[str, Any]:
        url = f"ws://127.0.0.1:{behind.boot.port}{WEBSOCKET}"
        async with websockets.connect(url) as client:
            await client.send(f"40{json.dumps({'token': behind.stranger})}")
            while True:  # one after the other, so that what refuses it is no number of commands at once
                await client.send('420["command",{"name":"rules.apply"}]')
                while not (packet := str(await asyncio.wait_for(client.recv(), PATIENCE))).startswith("430["):
                    pass
                answer: dict[str, Any] = json.loads(packet[3:])[0]
                if not answer["ok"]:
                    return answer

    told = asyncio.run(scenario())
    assert told["error"]["status"] == 429
    assert "rules.apply was asked for too often" in told["error"]["detail"]


def test_wrong_tokens_over_socketio(behind: Served) -> None:
    """They count as those over HTTP do, and the sentence says when to come again."""

    async def knock(number: int) -> str:
        url = f"ws://127.0.0.1:{behind.boot.port}{WEBSOCKET}"
        async with websockets.connect(url, additional_headers={"X-Forwarded-For": "203.0.113.77"}) as client:
            await client.recv()
            await client.send(f"40{json.dumps({'token': f'wrong {number}'})}")
            return str(await asyncio.wait_for(client.recv(), PATIENCE))

    async def scenario() -> list[str]:
        return [await knock(number) for number in range(150)]

    assert "too many wrong tokens have come from your address: wait" in asyncio.run(scenario())[-1]


def test_a_user_has_so_many_live_clients(behind: Served) -> None:
    """One more is refused with a sentence, and nobody else is."""

    async def connect(auth: dict[str, str]) -> tuple[Any, str]:
        client = await websockets.connect(f"ws://127.0.0.1:{behind.boot.port}{WEBSOCKET}")
        await client.recv()
        await client.send(f"40{json.dumps(auth)}")
        return client, str(await asyncio.wait_for(client.recv(), PATIENCE))

    async def scenario() -> None:
        mine = [await connect(AUTH) for _ in range(MOST)]
        assert all(answer.startswith("40") for _, answer in mine)
        more, answer = await connect(AUTH)
        assert f"you have {MOST} connections already: close one first" in answer
        other, answer = await connect({"token": behind.stranger})
        assert answer.startswith("40")
        for client in (more, other, *(client for client, _ in mine)):
            await client.close()

    asyncio.run(scenario())
    eventually(lambda: metric(behind.boot, "airlock_live_clients") == 0)


def test_handshakes_of_a_stranger() -> None:
    """One address fills its share and is told so, over each transport; who is connected is not counted in it."""

    async def scenario(boot: Boot) -> None:
        stranger = {"X-Forwarded-For": "203.0.113.5"}
        with Polling(boot.url, **stranger) as mine, Polling(boot.url, **stranger) as second:
            assert mine.connect()
            assert second.connect()
            async with httpx2.AsyncClient(base_url=boot.url, timeout=PATIENCE, headers=stranger) as client:
                answers = await asyncio.gather(*(client.get(HANDSHAKE) for _ in range(40)))
            refused = [answer for answer in answers if answer.status_code == 429]
            assert len(refused) == 38
            assert refused[0].headers["retry-after"] == "5"
            assert "sessions of your address have not said who they are" in refused[0].json()["detail"]
            with pytest.raises(websockets.InvalidStatus) as raised:
                await websockets.connect(f"ws://127.0.0.1:{boot.port}{WEBSOCKET}", additional_headers=stranger)
            assert raised.value.response.status_code == 429
            with Polling(boot.url, **{"X-Forwarded-For": "203.0.113.6"}) as other:
                assert other.connect()

    with start(TRUSTED_PROXIES="127.0.0.1", SOCKETIO_MAX_SESSIONS="20") as boot:
        asyncio.run(scenario(boot.wait_ready()))


def test_ten_thousand_attempts_to_sign_in(tmp_path: Path) -> None:
    """From one address they fill no table and no memory, and somebody else signs in meanwhile."""
    with MockProvider() as provider, start(**signs_in(provider.url, free_port(), DATA_DIR=str(tmp_path))) as boot:
        boot.wait_ready()
        before = metric(boot, "process_resident_memory_bytes")

        def attempt(path: str) -> list[int]:
            client = http.client.HTTPConnection("localhost", boot.port, timeout=PATIENCE)
            statuses = []
            for _ in range(2500):
                client.request("GET", path, headers={"X-Forwarded-For": "203.0.113.9"})
                answer = client.getresponse()
                answer.read()
                statuses.append(answer.status)
            client.close()
            return statuses

        with ThreadPoolExecutor(4) as pool, Browser(boot) as browser:
            attempts = pool.map(attempt, ["/auth/oidc", "/auth/callback/oidc?state=x&code=y"] * 2)
            assert browser.sign_in().status_code == 303
            statuses = [status for some in attempts for status in some]
        assert len(statuses) == 10_000
        assert statuses.count(429) > 9_900
        assert metric(boot, "process_resident_memory_bytes") - before < 50_000_000
        database = Database(DatabaseUrl(f"sqlite:///{tmp_path / 'airlock.sqlite'}"))
        with database.read() as session:
            assert session.scalars(select(func.count()).select_from(SignIn)).one() < 100
        database.close()
