"""A person at a Google that others have written: signs in, has a mailbox followed and a reply sent, and leaves."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.probes.proc import eventually
from tests.service.google import emulate
from tests.service.google.server import CLIENT_ID, CLIENT_SECRET
from tests.service.process import free_port, start
from tests.service.provider import ANN, Browser, query
from tests.service.store.followed import raw
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ELSEWHERE = "http://localhost/elsewhere"
ASKS = "Could you send me the report by Friday? I need the figures for the meeting."


@pytest.fixture
def port() -> int:
    """Where the service will be."""
    return free_port()


@pytest.fixture
def google(pytestconfig: pytest.Config, tmp_path: Path, port: int) -> Iterator[emulate.Emulated]:
    """Google, which knows the service."""
    cache = getattr(pytestconfig, "cache", None)
    command = emulate.installed(cache.mkdir("emulate") if cache else tmp_path)
    uris = [f"http://localhost:{port}/auth/callback/{name}" for name in ("google", "gmail")]
    with emulate.emulated(command, tmp_path, ANN, [*uris, ELSEWHERE]) as running:
        yield running


@pytest.fixture
def mailbox(google: emulate.Emulated) -> Iterator[Mailbox]:
    """What its owner's other programs see."""
    asked = {"client_id": CLIENT_ID, "redirect_uri": ELSEWHERE, "response_type": "code", "state": "any"}
    back = google.agree(str(httpx2.URL(f"{google.url}/o/oauth2/v2/auth", params=asked | {"scope": "openid email"})))
    form = {"grant_type": "authorization_code", "code": query(back)["code"], "redirect_uri": ELSEWHERE}
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    token = httpx2.post(f"{google.url}/oauth2/token", data=form | client).raise_for_status().json()["access_token"]
    url = f"{google.url}/gmail/v1/users/me"
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
        yield Mailbox(http)


class Mailbox:
    """A mailbox, through Google's own API."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def deliver(self, mail: bytes) -> str:
        """Have a mail arrive; its id."""
        content = {"raw": base64.urlsafe_b64encode(mail).decode(), "labelIds": ["INBOX", "UNREAD"]}
        return str(self._http.post("/messages/import", json=content).raise_for_status().json()["id"])

    def relabel(self, name: str, **changed: list[str]) -> None:
        """Give a message labels, and take some from it."""
        self._http.post(f"/messages/{name}/modify", json=changed).raise_for_status()

    def history(self) -> int:
        """Where the history is."""
        return int(self._http.get("/profile").raise_for_status().json()["historyId"])

    def sent(self) -> list[Any]:
        """What was sent, whole."""
        listed = self._http.get("/messages", params={"labelIds": "SENT"}).raise_for_status().json()["messages"]
        return [self._http.get(f"/messages/{one['id']}", params={"format": "raw"}).json() for one in listed]


def test_a_person_at_google(google: emulate.Emulated, mailbox: Mailbox, port: int, tmp_path: Path) -> None:
    """From signing in to forgetting the mailbox, with all that the service asks of Google between."""
    first = mailbox.deliver(raw(1, text=ASKS, To=ANN))
    env = {"PORT": str(port), "BASE_URL": f"http://localhost:{port}", "ALLOWED_USERS": ANN, "GMAIL_SEND": "true"}
    env |= {**google.env, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEYS": KEYS}
    with start(**env) as boot, Browser(boot.wait_ready()) as browser:
        _follow(google, mailbox, browser, first)
        _reply(mailbox, browser)
        [account] = browser.http.get("/api/accounts").json()["accounts"]
        browser.send("DELETE", f"/api/accounts/{account['id']}").raise_for_status()
        eventually(lambda: len(google.revoked) == 1)


def _follow(google: emulate.Emulated, mailbox: Mailbox, browser: Browser, first: str) -> None:
    arrived = browser.http.get(google.agree(browser.leave("/auth/google?next=/mail")))
    assert (arrived.status_code, arrived.headers.get("location")) == (303, "/mail"), arrived.text
    arrived = browser.http.get(google.agree(browser.leave("/auth/gmail?next=/mail")))
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/mail"), arrived.text
    [account] = browser.http.get("/api/accounts").json()["accounts"]
    assert (account["kind"], account["address"]) == ("gmail", ANN)

    def look() -> None:
        browser.send("POST", f"/api/accounts/{account['id']}/sync").raise_for_status()

    def messages() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = browser.http.get("/api/messages").json()["messages"]
        return found

    eventually(lambda: len(messages()) == 1)
    assert (messages()[0]["subject"], messages()[0]["seen"]) == ("Number 1", False)
    mailbox.relabel(first, addLabelIds=["STARRED"], removeLabelIds=["UNREAD"])
    mailbox.deliver(raw(2))
    look()
    changed = [("Number 2", False), ("Number 1", True)]
    eventually(lambda: [(one["subject"], one["seen"]) for one in messages()] == changed)

    mailbox.deliver(raw(3))
    google.oldest = mailbox.history() + 1  # all of it is forgotten, and the mailbox is compared anew
    look()
    eventually(lambda: len(messages()) == 3)
    events = browser.http.get("/api/events", params={"after": 0, "limit": 100}).json()["events"]
    assert [event["type"] for event in events].count("account.resync") == 1
    google.oldest = 0


def _reply(mailbox: Mailbox, browser: Browser) -> None:
    eventually(lambda: browser.http.get("/api/drafts").json()["drafts"])
    [draft] = browser.http.get("/api/drafts").json()["drafts"]
    browser.send("PATCH", f"/api/drafts/{draft['id']}", json={"text": "Here it is."}).raise_for_status()
    assert mailbox.sent() == []
    browser.send("POST", f"/api/drafts/{draft['id']}/send").raise_for_status()
    eventually(lambda: browser.http.get(f"/api/drafts/{draft['id']}").json()["state"] == "sent")
    [sent] = mailbox.sent()
    assert b"Here it is." in base64.urlsafe_b64decode(sent["raw"] + "==")
