"""Tokens for scripts, and live events of those who are signed in."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import websockets
from sqlalchemy import select

from service.store.database import Database
from service.store.tables import ApiToken
from service.store.url import DatabaseUrl
from tests.service.engine import PATIENCE, WEBSOCKET
from tests.service.process import TOKEN, free_port, start
from tests.service.provider import Browser, MockProvider, signs_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot


@pytest.fixture(scope="module")
def boot(folder: Path) -> Iterator[Boot]:
    """A service where people sign in."""
    with MockProvider() as provider, start(**signs_in(provider.url, free_port(), DATA_DIR=str(folder))) as process:
        yield process.wait_ready()


@pytest.fixture
def browser(boot: Boot) -> Iterator[Browser]:
    """Somebody who is signed in."""
    with Browser(boot) as fresh:
        assert fresh.sign_in().status_code == 303
        yield fresh


def call(boot: Boot, token: str, method: str, path: str) -> httpx2.Response:
    """A request of a script."""
    return httpx2.request(method, boot.url + path, headers={"Authorization": f"Bearer {token}"})


def make(browser: Browser, scope: str) -> Any:
    """A new token."""
    made = browser.send("POST", "/auth/tokens", json={"name": "backup", "scope": scope})
    assert made.status_code == 201, made.text
    return made.json()


def test_a_token_is_shown_once_and_opens_until_it_is_revoked(boot: Boot, browser: Browser) -> None:
    """For its user alone, who sees in the list all but the token itself."""
    made = make(browser, "write")
    listed = browser.http.get("/auth/tokens")
    assert [token["id"] for token in listed.json()["tokens"]] == [made["id"]]
    assert made["token"] not in listed.text
    assert call(boot, made["token"], "POST", "/api/pause").status_code == 200
    assert call(boot, made["token"], "GET", "/auth/check").json()["user"] == browser.check()["user"]
    with Browser(boot) as other:
        other.sign_in()
        assert other.http.get("/auth/tokens").json() == {"tokens": []}
        assert other.send("DELETE", f"/auth/tokens/{made['id']}").status_code == 404
    assert browser.send("DELETE", f"/auth/tokens/{made['id']}").status_code == 204
    assert call(boot, made["token"], "GET", "/api/accounts").status_code == 401


def test_a_token_is_not_in_the_database(browser: Browser, folder: Path) -> None:
    """Its SHA-256 is, and neither it nor a part of it is in any file of the service."""
    token = make(browser, "read")["token"]
    database = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    with database.read() as session:
        assert hashlib.sha256(token.encode()).hexdigest() in session.scalars(select(ApiToken.digest)).all()
    database.close()
    part = token.removeprefix("airlock_")[:16].encode()
    assert [file.name for file in folder.iterdir() if part in file.read_bytes()] == []


def test_a_token_that_reads_changes_nothing(boot: Boot, browser: Browser) -> None:
    """It is refused by its scope (RFC 6750, 3.1)."""
    token = make(browser, "read")["token"]
    assert call(boot, token, "GET", "/api/accounts").status_code == 200
    refused = call(boot, token, "POST", "/api/pause")
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]


@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_token_makes_no_tokens(boot: Boot, browser: Browser, scope: str) -> None:
    """Or one that is revoked would leave others behind."""
    token = make(browser, scope)["token"]
    for method, path in (("GET", "/auth/tokens"), ("POST", "/auth/tokens"), ("DELETE", "/auth/tokens/1")):
        assert call(boot, token, method, path).status_code == 403


@pytest.mark.parametrize("body", [{}, {"name": "", "scope": "read"}, {"name": "x", "scope": "all"}, {"name": "x"}])
def test_a_token_has_a_name_and_a_scope(boot: Boot, body: dict[str, str]) -> None:
    """What is wrong is told; the access token may make some too."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx2.post(f"{boot.url}/auth/tokens", json=body, headers=headers).status_code == 422


async def connect(boot: Boot, browser: Browser | None, origin: str | None, auth: str = "") -> Any:
    """An Engine.IO websocket that has sent its CONNECT packet, and the answer to it."""
    headers = {"Cookie": f"airlock-session={browser.session}"} if browser else {}
    url = f"ws://localhost:{boot.port}{WEBSOCKET}"
    client = await websockets.connect(url, additional_headers=headers, origin=origin)  # type: ignore[arg-type]
    await client.recv()
    await client.send(f"40{auth}")
    return client, await asyncio.wait_for(client.recv(), PATIENCE)


def test_a_page_of_the_site_is_connected_by_its_cookie_until_the_session_ends(boot: Boot, browser: Browser) -> None:
    """Signing out cuts the connection, and nobody comes in with that cookie again."""

    async def scenario() -> None:
        client, answer = await connect(boot, browser, browser.origin)
        assert answer.startswith("40{")
        cookie = browser.session
        assert (await asyncio.to_thread(browser.send, "POST", "/auth/logout")).status_code == 204
        await asyncio.wait_for(client.wait_closed(), PATIENCE)
        browser.http.cookies.set("airlock-session", cookie, domain="localhost.local", path="/")
        again, answer = await connect(boot, browser, browser.origin)
        assert "44" in answer
        assert "the session has ended" in answer
        await again.close()

    asyncio.run(scenario())


def test_a_page_of_another_site_is_not_connected(boot: Boot, browser: Browser) -> None:
    """Not even a handshake; and without any origin the cookie is worth nothing."""

    async def scenario() -> None:
        for origin in ("https://evil.example", "null", f"http://127.0.0.1:{boot.port}"):
            with pytest.raises(websockets.InvalidStatus):
                await connect(boot, browser, origin)
        client, answer = await connect(boot, browser, None)
        assert "a session connects from pages of" in answer
        await client.close()

    asyncio.run(scenario())


def test_a_token_that_reads_hears_and_commands_nothing_until_it_is_revoked(boot: Boot, browser: Browser) -> None:
    """Over Socket.IO as over HTTP."""
    made = make(browser, "read")

    async def scenario() -> None:
        client, answer = await connect(boot, None, None, json.dumps({"token": made["token"]}))
        assert answer.startswith("40{")
        await client.send('420["command",{"name":"control.pause-all"}]')
        while not (answer := await asyncio.wait_for(client.recv(), PATIENCE)).startswith("430"):
            pass
        assert json.loads(answer[3:])[0]["error"]["status"] == 403
        assert (await asyncio.to_thread(browser.send, "DELETE", f"/auth/tokens/{made['id']}")).status_code == 204
        await asyncio.wait_for(client.wait_closed(), PATIENCE)

    asyncio.run(scenario())
