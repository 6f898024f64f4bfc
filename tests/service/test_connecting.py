"""Connecting a mailbox at Gmail in a browser, who attacks that, and taking the access back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from sqlalchemy import select

from service.mail.gmail.oauth import READ, SEND
from service.settings import load
from service.store.database import Database
from service.store.opened import Store
from service.store.tables import Account, User
from service.store.url import DatabaseUrl
from service.store.vault import Vault
from service.worker import revoking
from tests.probes.proc import eventually
from tests.service.google.server import GoogleServer
from tests.service.process import TOKEN, free_port, start
from tests.service.provider import Browser, MockProvider, query, signs_in
from tests.service.store.followed import NOW, raw
from tests.service.worker.kept import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

MINE = "ann@gmail.example"


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleServer]:
    """Where a mailbox is."""
    with GoogleServer() as server:
        server.mailbox.deliver(raw(1))
        yield server


@pytest.fixture(scope="module")
def boot(provider: MockProvider, google: GoogleServer, folder: Path) -> Iterator[Boot]:
    """A service that knows both, and works."""
    env = signs_in(provider.url, free_port(), DATA_DIR=str(folder), SECRET_KEYS=KEYS, WORKER_MODE="", **google.env)
    with start(**env) as process:
        yield process.wait_ready()


@pytest.fixture
def browser(boot: Boot) -> Iterator[Browser]:
    """Somebody's browser, signed in."""
    with Browser(boot) as fresh:
        fresh.sign_in()
        yield fresh


@pytest.fixture
def other(boot: Boot) -> Iterator[Browser]:
    """Somebody else's."""
    with Browser(boot) as fresh:
        fresh.sign_in()
        yield fresh


@pytest.fixture
def database(folder: Path, boot: Boot) -> Iterator[Database]:
    """The service's own database."""
    opened = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    yield opened
    opened.close()


def agree(url: str) -> str:
    """Say yes at Google; the URL to which it sends the browser back."""
    answer = httpx2.get(url)
    assert answer.status_code == 302
    return str(answer.headers["location"])


def connect(browser: Browser, path: str = "/auth/gmail") -> httpx2.Response:
    """The whole way; the service's answer when the browser is back."""
    return browser.http.get(agree(browser.leave(path)))


def accounts(browser: Browser) -> list[dict[str, Any]]:
    """The mailboxes of who is signed in."""
    listed: list[dict[str, Any]] = browser.http.get("/api/accounts").raise_for_status().json()["accounts"]
    return listed


def secret(database: Database, account: int) -> str:
    """The refresh token of a mailbox, as only who has the key reads it."""
    with database.read() as session:
        locked = session.scalars(select(Account.secret).where(Account.id == account)).one()
    assert locked is not None
    return Vault([KEYS]).unlock(locked)


def test_a_person_connects_a_mailbox(boot: Boot, browser: Browser, database: Database, other: Browser) -> None:
    """From a session to mail, under the address that Google names; to others nothing is shown."""
    arrived = connect(browser, "/auth/gmail?next=/mail")
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/mail")
    [account] = accounts(browser)
    assert (account["kind"], account["name"], account["address"]) == ("gmail", MINE, MINE)
    assert account["has_secret"] is True
    eventually(lambda: browser.http.get("/api/messages").json()["messages"])
    [line] = browser.http.get("/api/messages").json()["messages"]
    assert line["subject"] == "Number 1"
    assert accounts(other) == []
    token = secret(database, account["id"])
    assert token.startswith("1//")
    assert not [word for word in (token, "1//", "ya29.", MINE) if word in boot.output]


def test_access_is_asked_for_apart_from_signing_in(browser: Browser, google: GoogleServer) -> None:
    """Signing in asks who somebody is; connecting asks to read mail alone, offline, with PKCE."""
    assert query(browser.leave("/auth/google"))["scope"].split() == ["openid", "email", "profile"]
    assert (browser.check()["connects"], browser.check()["sends"]) == (["gmail"], [])
    first, second = query(browser.leave("/auth/gmail")), query(browser.leave("/auth/gmail"))
    assert first["scope"] == READ
    assert (first["access_type"], first["prompt"], first["code_challenge_method"]) == ("offline", "consent", "S256")
    assert first["redirect_uri"] == f"{browser.origin}/auth/callback/gmail"
    assert "include_granted_scopes" not in first
    for name in ("state", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]


def test_access_to_send_is_asked_for_where_replies_are_sent(provider: MockProvider, google: GoogleServer) -> None:
    """The operator wants it so; otherwise nobody is asked."""
    env = signs_in(provider.url, free_port(), GMAIL_SEND="true", **google.env)
    with start(**env) as boot, Browser(boot.wait_ready()) as browser:
        browser.sign_in()
        assert query(browser.leave("/auth/gmail"))["scope"].split() == [READ, SEND]
        assert browser.check()["sends"] == ["gmail"]


def test_who_tries_too_often_is_told_when_to_come_again(browser: Browser, other: Browser) -> None:
    """A handful of attempts at once is sent to Google; then it is 429 in words, for this user alone."""
    statuses = [browser.http.get("/auth/gmail").status_code for _ in range(20)]
    assert statuses[:10] == [303] * 10
    refused = browser.http.get("/auth/gmail")
    assert (statuses[-1], refused.status_code, refused.headers["content-type"]) == (
        429,
        429,
        "application/problem+json",
    )
    seconds = int(refused.headers["retry-after"])
    assert seconds >= 1
    assert refused.json()["detail"].startswith(f"too many attempts to connect a mailbox: wait {seconds} second")
    assert other.http.get("/auth/gmail").status_code == 303


def test_who_is_not_signed_in_connects_nothing(boot: Boot) -> None:
    """A token is no browser."""
    with Browser(boot) as stranger:
        assert stranger.http.get("/auth/gmail").status_code == 401
        assert stranger.http.get("/auth/callback/gmail?code=x&state=y").status_code == 401
        answer = stranger.http.get("/auth/gmail", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 409
        assert "in a browser" in answer.json()["detail"]


def test_another_session_does_not_take_the_way_back(browser: Browser, other: Browser) -> None:
    """The link that would have a victim follow the attacker's mailbox, or the attacker the victim's, opens nothing."""
    link = agree(other.leave("/auth/gmail"))
    refused = browser.http.get(link)
    assert refused.status_code == 400
    assert "begin again at" in refused.json()["detail"]
    assert other.http.get(link).status_code == 400
    assert (accounts(browser), accounts(other)) == ([], [])


def test_a_session_that_is_over_does_not_come_back(browser: Browser) -> None:
    """Nor does the next one of the same person in the same browser."""
    link = agree(browser.leave("/auth/gmail"))
    browser.sign_in()
    assert browser.http.get(link).status_code == 400
    link = agree(browser.leave("/auth/gmail"))
    browser.send("POST", "/auth/logout")
    assert browser.http.get(link).status_code == 401


def test_a_way_back_is_taken_once(browser: Browser) -> None:
    """And not for signing in, or with the state of that."""
    link = agree(browser.leave("/auth/gmail"))
    assert browser.http.get(link.replace("callback/gmail", "callback/google")).status_code == 400
    link = agree(browser.leave("/auth/gmail"))
    assert browser.http.get(link).status_code == 303
    assert browser.http.get(link).status_code == 400
    state = query(browser.leave("/auth/oidc"))["state"]
    assert browser.http.get("/auth/callback/gmail", params={"code": "x", "state": state}).status_code == 400


def test_a_stolen_code_does_not_fit(browser: Browser, other: Browser) -> None:
    """It was given for somebody else's verifier."""
    stolen = query(agree(other.leave("/auth/gmail")))["code"]
    state = query(browser.leave("/auth/gmail"))["state"]
    refused = browser.http.get("/auth/callback/gmail", params={"code": stolen, "state": state})
    assert refused.status_code == 502
    assert accounts(browser) == []


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_open_redirect(browser: Browser, target: str) -> None:
    """It ends on this site."""
    assert connect(browser, f"/auth/gmail?next={target}").headers["location"] == "/"


def test_who_says_no_connects_nothing(browser: Browser) -> None:
    """Google's own word for it is taken along, and nothing that somebody made up."""
    for said, told in (("access_denied", "access_denied"), ("<b>call 555</b>", "nothing+that+is+known")):
        state = query(browser.leave("/auth/gmail?next=/mail%23top"))["state"]
        refused = browser.http.get("/auth/callback/gmail", params={"state": state, "error": said})
        assert (refused.status_code, refused.headers["location"]) == (303, f"/mail#refused={told}")
    assert accounts(browser) == []


def test_who_does_not_let_mail_be_read_is_told(
    browser: Browser, google: GoogleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One can untick that at Google."""
    monkeypatch.setattr(google, "scopes", "openid")
    refused = connect(browser, "/auth/gmail?next=/mail")
    assert (refused.status_code, refused.headers["location"]) == (303, "/mail#refused=unreadable")
    assert accounts(browser) == []


def test_a_google_that_is_away_is_told_in_words(browser: Browser, google: GoogleServer) -> None:
    """At each step of the way back."""
    for path in ("/token", "/gmail/v1/users/me/profile"):
        url = browser.leave("/auth/gmail")
        back = agree(url)
        google.fails(path, 503, times=99)
        refused = browser.http.get(back)
        google.mend()
        assert refused.status_code == 502
        assert "503" not in refused.headers.get("location", "")
    assert accounts(browser) == []


def test_a_mailbox_that_lost_its_access_is_connected_again(
    browser: Browser, google: GoogleServer, database: Database
) -> None:
    """It is the same account, which goes on where it was."""
    connect(browser)
    [before] = accounts(browser)
    eventually(lambda: accounts(browser)[0]["state"] == "well")
    google.revoke_all()
    browser.send("POST", f"/api/accounts/{before['id']}/sync")
    eventually(lambda: accounts(browser)[0]["state"] == "needs_reauth")
    connect(browser)
    eventually(lambda: accounts(browser)[0]["state"] == "well")
    [after] = accounts(browser)
    assert after["id"] == before["id"]


@pytest.mark.parametrize("everything", [False, True])
def test_access_is_taken_back_with_the_account(
    browser: Browser, google: GoogleServer, database: Database, everything: bool
) -> None:
    """At Google, though that fails at first; and its owner is told what happens if it goes on failing."""
    for account in accounts(browser):
        browser.send("DELETE", f"/api/accounts/{account['id']}")
    connect(browser)
    [account] = accounts(browser)
    token = secret(database, account["id"])
    google.fails("/revoke", 503)
    if everything:
        answer = browser.send("POST", "/api/delete-everything", json={"confirm": "delete everything"})
    else:
        answer = browser.send("DELETE", f"/api/accounts/{account['id']}")
    assert "https://myaccount.google.com/connections" in answer.json()["access"]
    eventually(lambda: token in google.revoked)
    if everything:
        assert browser.check()["signed_in"] is False
        browser.sign_in()
    assert accounts(browser) == []


def test_nobody_else_keeps_access_from_being_taken_back(browser: Browser, other: Browser, google: GoogleServer) -> None:
    """What somebody calls their own mailbox is their own word."""
    claimed = {"kind": "gmail", "name": "Not mine", "address": MINE}
    assert other.send("POST", "/api/accounts", json=claimed).status_code == 201
    token = google.grant()
    mine = {"kind": "gmail", "name": "Mine", "address": MINE, "secret": token}
    made = browser.send("POST", "/api/accounts", json=mine).raise_for_status().json()
    browser.send("DELETE", f"/api/accounts/{made['id']}").raise_for_status()
    eventually(lambda: token in google.revoked)


def test_mailboxes_without_an_address_are_several(browser: Browser, google: GoogleServer) -> None:
    """A script need not say one, and the access to each is taken back."""
    token = google.grant()
    first, _ = (
        browser.send("POST", "/api/accounts", json={"kind": "gmail", "name": "Mine", "secret": secret}).json()
        for secret in (token, google.grant())
    )
    browser.send("DELETE", f"/api/accounts/{first['id']}").raise_for_status()
    eventually(lambda: token in google.revoked)


def test_the_address_of_a_mailbox_stays(browser: Browser) -> None:
    """By it one that is connected again is known; its name is as its owner wants it."""
    connect(browser)
    [account] = accounts(browser)
    path = f"/api/accounts/{account['id']}"
    refused = browser.send("PATCH", path, json={"address": "else@gmail.example"})
    assert (refused.status_code, [error["where"] for error in refused.json()["errors"]]) == (422, ["address"])
    assert f"account {account['id']}" in refused.json()["detail"]
    assert browser.send("PATCH", path, json={"address": MINE, "name": "Mine"}).status_code == 200
    assert [(one["address"], one["name"]) for one in accounts(browser)] == [(MINE, "Mine")]


def test_an_address_that_a_script_left_out_is_said_once(other: Browser, google: GoogleServer) -> None:
    """Who had a mailbox followed by its token alone may say whose it is, and then it stays."""
    made = {"kind": "gmail", "name": "Mine", "secret": google.grant()}
    account = other.send("POST", "/api/accounts", json=made).raise_for_status().json()
    path = f"/api/accounts/{account['id']}"
    assert other.send("PATCH", path, json={"address": MINE}).status_code == 200
    assert other.send("PATCH", path, json={"address": "else@gmail.example"}).status_code == 422


def test_access_that_is_needed_again_is_left(
    google: GoogleServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google takes back all access of a person together, also that of an account which was connected since."""
    for name, value in {**google.env, "BASE_URL": "http://localhost", "ALLOWED_USERS": "ann@example.org"}.items():
        monkeypatch.setenv(name, value)
    vault = Vault([KEYS])
    store, token = Store(database, vault), google.grant()
    locked = vault.lock(token).decode()
    with database.write() as session:
        owner = session.scalars(select(User.id).order_by(User.id)).first()
        again = Account(
            user_id=owner, kind="gmail", name="Again", address="Again@gmail.example", settings={}, paused=True,
            created_at=NOW,
        )  # fmt: skip
        session.add(again)
        session.flush()
        mailbox = vault.mailbox(again)
    revoking.revoke(store, load(), locked, mailbox)
    assert token not in google.revoked
    with database.write() as session:
        session.delete(session.merge(again))
    revoking.revoke(store, load(), locked, mailbox)
    assert token in google.revoked
    revoking.revoke(store, load(), locked, mailbox)  # what is worth nothing already is no failure
