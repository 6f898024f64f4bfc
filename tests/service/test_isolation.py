"""Isolation: somebody else who is signed in sees nothing and changes nothing, over HTTP and Socket.IO."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient

from service.app import build
from service.commands import COMMANDS
from service.live.events import Events
from service.settings import load
from service.store.database import Database
from service.store.url import DatabaseUrl
from tests.service import walk
from tests.service.belongings import CANARY, Belongings, give, rows
from tests.service.engine import PATIENCE, run_client
from tests.service.live.listener import Listener, append
from tests.service.process import free_port, start
from tests.service.provider import ANN, BOB, Browser, MockProvider, signs_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.boot import Boot

OPEN = {"/", "/mail", "/openapi.json", "/debug-config", "/socket.io/"}
"""Paths beside those of the description: they are nobody's, or have tests of their own."""


@pytest.fixture(scope="module")
def boot(folder: Path) -> Iterator[Boot]:
    """A service where Ann and Bob sign in."""
    with MockProvider() as provider, start(**signs_in(provider.url, free_port(), DATA_DIR=str(folder))) as process:
        yield process.wait_ready()


@pytest.fixture(scope="module")
def database(folder: Path, boot: Boot) -> Iterator[Database]:
    """The service's own database."""
    opened = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def anns(boot: Boot, database: Database) -> Belongings:
    """What Ann has; she has signed in."""
    with Browser(boot) as browser:
        assert browser.sign_in(ANN).status_code == 303
        return give(database, browser.check()["user"]["id"])


@pytest.fixture
def bob(boot: Boot) -> Iterator[Browser]:
    """Bob, who is signed in too, and has nothing."""
    with Browser(boot) as browser:
        assert browser.sign_in(BOB).status_code == 303
        yield browser


def document(boot: Boot) -> dict[str, Any]:
    """What the service says of itself."""
    told: dict[str, Any] = httpx2.get(f"{boot.url}/openapi.json").raise_for_status().json()
    return told


def ask(browser: Browser, step: walk.Step) -> httpx2.Response:
    """Take a step as a page of the service does."""
    if not browser.check()["signed_in"]:
        browser.sign_in(BOB)
    return browser.send(step.method, step.path, params=step.query, json=step.body)


def seen(text: str, anns: Belongings) -> set[str]:
    """What of Ann's is in an answer."""
    return {word for word in (CANARY, *anns.numbers) if re.search(rf"(?<!\d){word}(?!\d)", text)}


def test_everything_of_anns_is_there(boot: Boot, database: Database, anns: Belongings) -> None:
    """With what opens hers the same walk finds it: the ids are real, and every table has a row."""
    empty = [table for table, found in rows(database, anns.user_id).items() if not found]
    assert empty in ([], ["access_tokens"])
    with httpx2.Client(base_url=boot.url, headers={"Authorization": f"Bearer {anns.token}"}, timeout=PATIENCE) as http:
        reads = [step for step in walk.steps(document(boot), anns) if step.method == "GET" and step.names_something]
        answers = [(step.operation, http.get(step.path, params=step.query)) for step in reads]
    found = {operation for operation, answer in answers if answer.is_success and seen(answer.text, anns)}
    assert found == {step.operation for step in reads}


def test_nobody_else_sees_or_changes_anything_over_http(
    boot: Boot, database: Database, anns: Belongings, bob: Browser
) -> None:
    """Each of her ids is to him as one that there is not, lists are without hers, and her rows stay as they are."""
    before = rows(database, anns.user_id)
    for step in walk.steps(document(boot), anns):
        answer = ask(bob, step)
        assert answer.status_code < 500, (step, answer.text)
        if step.names_something:
            nothing = ask(bob, replace(step, path=step.unknown))
            assert (answer.status_code, nothing.status_code) == (404, 404), step
            assert _plain(answer, step.path) == _plain(nothing, step.unknown), step
        elif answer.is_success:
            assert seen(answer.text, anns) == set(), (step, answer.text)
        else:
            assert CANARY not in answer.text, (step, answer.text)
        assert rows(database, anns.user_id) == before, step


@pytest.mark.parametrize(
    "forged", [{"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, {"Origin": "https://evil.example"}]
)
def test_nothing_is_changed_by_the_cookie_alone(
    boot: Boot, database: Database, anns: Belongings, forged: dict[str, str]
) -> None:
    """Whatever is not read, on Ann's own things and with her session, needs the token of her page and its origin."""
    asked = [step for step in walk.steps(document(boot), anns) if step.method != "GET"]
    assert {step.operation for step in asked} >= {"accounts.delete", "everything.delete", "auth.tokens.revoke"}
    with Browser(boot) as ann:
        assert ann.sign_in(ANN).status_code == 303
        before = rows(database, anns.user_id)
        for step in asked:
            answer = ann.send(step.method, step.path, params=step.query, json=step.body, headers=forged)
            assert answer.status_code == 403, (step, answer.text)
            assert rows(database, anns.user_id) == before, step
        assert ann.check()["signed_in"] is True


def _plain(answer: httpx2.Response, path: str) -> dict[str, Any]:
    """A refusal, but for the numbers that were asked for and the request's own."""
    told: dict[str, Any] = answer.json()
    told.pop("request_id", None)
    for number in re.findall(r"\d+", path):
        told = {key: value.replace(number, "N") if isinstance(value, str) else value for key, value in told.items()}
    return told


def test_nobody_else_commands_anything_over_socketio(
    boot: Boot, database: Database, anns: Belongings, bob: Browser
) -> None:
    """The same commands, as Socket.IO takes them."""
    before = rows(database, anns.user_id)
    described = document(boot)
    asked = [step for step in walk.steps(described, anns) if step.operation in COMMANDS]
    assert {step.operation for step in asked} == set(COMMANDS)

    async def scenario() -> None:
        async with Listener(boot.url, "websocket", 0, auth=token(bob)) as listener:
            for step in asked:
                theirs = [int(number) for number in re.findall(r"\d+", step.path)]
                given = {**step.body, **({"id": theirs[0]} if theirs else {})}
                told = await listener.asks("command", {"name": step.operation, "input": given})
                if step.names_something:
                    assert (told["ok"], told["error"]["status"]) == (False, 404), (step, told)
                else:
                    assert CANARY not in str(told), (step, told)
                    assert not told["ok"] or seen(str(told), anns) == set(), (step, told)
                assert rows(database, anns.user_id) == before, step

    run_client(scenario())


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_nobody_else_hears_anything(
    database: Database, boot: Boot, anns: Belongings, bob: Browser, transport: str
) -> None:
    """Neither what has happened, whatever id he says that he has, nor what happens while he listens."""
    assert {name for name in dir(Events) if name.startswith("on_")} == {
        "on_connect", "on_disconnect", "on_sync", "on_command",
    }, "an event was added: have this test send it as somebody else"  # fmt: skip
    auth = token(bob)

    async def scenario() -> None:
        for last_id in (0, anns.ids["events"][0] - 1, None):
            async with (
                Listener(boot.url, transport, last_id, auth=auth) as his,
                Listener(boot.url, transport, auth={"token": anns.token}) as hers,
            ):
                if last_id is None:
                    await his.asks("sync", {"last_id": anns.ids["events"][0] - 1})
                await hers.hears("sync.complete")
                name, told = await his.hears("sync.complete", "sync.reset")
                assert told["last_id"] < anns.ids["events"][0], (name, told)
                append(database, 2, anns.user_id, subject=CANARY)
                _, told = await hers.hears("message.new")
                assert told["data"]["subject"] == CANARY
                assert (await his.asks("command", {"name": "control.pause-all"}))["ok"]
                append(database, 1, bob.check()["user"]["id"], subject="his own")
                heard = [await his.hears()]
                while heard[-1][0] != "message.new":
                    heard.append(await his.hears())
                assert heard[-1][1]["data"]["subject"] == "his own"
                assert seen(str(heard), anns) == set()

    run_client(scenario())


def test_nobody_else_follows_a_maildir_of_the_owners(folder: Path, anns: Belongings, boot: Boot, bob: Browser) -> None:
    """Files of the machine have no user: they are the owner's, as the service is."""
    maildir = folder / "maildir" / CANARY
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True)
    asked = {"kind": "maildir", "name": "Mine", "settings": {"path": str(maildir)}}
    refused = bob.send("POST", "/api/accounts", json=asked)
    assert (refused.status_code, "the owner's alone" in refused.json()["detail"]) == (422, True)
    assert CANARY not in refused.json()["detail"]
    headers = {"Authorization": f"Bearer {anns.token}"}
    assert httpx2.post(f"{boot.url}/api/accounts", json=asked, headers=headers).status_code == 201


def test_every_path_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so walked; one that is not is in `OPEN`, where somebody has thought of whose it is."""
    google = {"GOOGLE_CLIENT_ID": "airlock.apps.googleusercontent.com", "GOOGLE_CLIENT_SECRET": "secret"}
    more = {"DATA_DIR": str(tmp_path), "DEBUG_CONFIG": "true", **google}
    for name, value in signs_in("https://id.example.org", 8000, **more).items():
        monkeypatch.setenv(name, value)
    app = build(load())
    served = {path.replace(":int}", "}") for path in _paths(app.routes)}
    described = TestClient(app).get("/openapi.json").json()["paths"]
    assert "/auth/gmail" in described
    assert served - described.keys() == OPEN


def _paths(routes: Iterable[Any], prefix: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _paths(route.routes, prefix + route.path)
        else:
            yield prefix + route.path


def test_a_walk_notices_what_it_does_not_know(anns: Belongings) -> None:
    """A path, a parameter, a kind of thing or a body that is new."""
    get = {"operationId": "new.get", "responses": {}}
    new: list[tuple[str, dict[str, Any]]] = [
        ("/api/messages/{other}", {"get": get}),
        ("/api/letters/{id}", {"get": get}),
        ("/api/messages", {"get": {**get, "parameters": [{"name": "new", "in": "query"}]}}),
        ("/api/messages", {"post": {**get, "requestBody": {}}}),
    ]
    for path, methods in new:
        with pytest.raises(walk.NotWalked, match=r"add it|belongings"):
            walk.steps({"paths": {path: methods}}, anns)


def token(browser: Browser) -> dict[str, str]:
    """What a script of the one who is signed in sends."""
    made = browser.send("POST", "/auth/tokens", json={"name": "live", "scope": "write"})
    return {"token": made.json()["token"]}
