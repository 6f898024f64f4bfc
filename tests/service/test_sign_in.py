"""Signing in with a real provider: the whole dance of a browser, and those who attack it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from sqlalchemy import func, select, update

from service.access.caller import digest
from service.store import clock
from service.store.database import Database
from service.store.tables import BrowserSession, SignIn
from service.store.url import DatabaseUrl
from tests.service.process import TOKEN, free_port, start
from tests.service.provider import ANN, BOB, Browser, MockProvider, cookie, query, signs_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def boot(provider: MockProvider, folder: Path) -> Iterator[Boot]:
    """A service where people of example.org sign in; Ann is its owner."""
    with start(**signs_in(provider.url, free_port(), DATA_DIR=str(folder))) as process:
        yield process.wait_ready()


@pytest.fixture
def browser(boot: Boot) -> Iterator[Browser]:
    """A browser that has never been there."""
    with Browser(boot) as fresh:
        yield fresh


@pytest.fixture
def other(boot: Boot) -> Iterator[Browser]:
    """Somebody else's browser."""
    with Browser(boot) as fresh:
        yield fresh


@pytest.fixture
def database(folder: Path, boot: Boot) -> Iterator[Database]:
    """The service's own database."""
    opened = Database(DatabaseUrl(f"sqlite:///{folder / 'airlock.sqlite'}"))
    yield opened
    opened.close()


def test_a_person_signs_in_and_out(browser: Browser) -> None:
    """From a closed API to one's own mail and back."""
    assert browser.check() == {"signed_in": False, "providers": ["oidc"]}
    assert browser.http.get("/api/accounts").status_code == 401
    arrived = browser.sign_in(path="/auth/oidc?next=/inbox%3Fpage%3D2")
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/inbox?page=2")
    told = browser.check()
    assert (told["signed_in"], told["by"], told["scope"]) == (True, "session", "write")
    assert browser.http.get("/api/accounts").status_code == 200
    assert browser.send("POST", "/auth/logout").status_code == 204
    assert browser.check()["signed_in"] is False
    assert browser.http.get("/api/accounts").status_code == 401


def test_the_session_is_a_cookie_that_no_script_reads(browser: Browser) -> None:
    """And its secret is neither in the answer nor in what a page is told."""
    arrived = browser.sign_in()
    attributes = cookie(arrived, "airlock-session")
    assert attributes.keys() == {"httponly", "max-age", "path", "samesite"}
    assert (attributes["path"], attributes["samesite"]) == ("/", "lax")
    assert arrived.headers["cache-control"] == "no-store"
    assert browser.session not in browser.http.get("/auth/check").text


def test_the_owner_has_what_the_access_token_opens(browser: Browser, other: Browser) -> None:
    """Ann is the first of ALLOWED_USERS; Bob of the same domain is somebody else."""
    browser.sign_in(ANN)
    other.sign_in(BOB)
    by_token = httpx2.get(f"{browser.origin}/auth/check", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    assert browser.check()["user"] == by_token["user"]
    assert other.check()["user"]["name"] == "Bob"


def test_signing_out_everywhere_ends_all_sessions_of_one_person(boot: Boot, browser: Browser, other: Browser) -> None:
    """In other browsers too, and of nobody else."""
    with Browser(boot) as second:
        for one, who in ((browser, BOB), (second, BOB), (other, "")):
            one.sign_in(who)
        assert browser.send("POST", "/auth/logout/everywhere").status_code == 204
        assert [one.check()["signed_in"] for one in (browser, second, other)] == [False, False, True]


@pytest.mark.parametrize("claims", [{"email_verified": False}, {}, {"email_verified": "yes"}, {"hd": "example.org"}])
def test_an_address_that_is_not_verified_opens_nothing(
    provider: MockProvider, browser: Browser, claims: dict[str, object]
) -> None:
    """Anybody can say that an address is theirs; a domain is of the address, and Google's `hd` is no word for it."""
    provider.knows("mallory", email=ANN, **claims)
    refused = browser.sign_in("mallory")
    assert refused.status_code == 403
    assert "verified" in refused.json()["detail"]
    assert ANN not in refused.text
    assert browser.check()["signed_in"] is False


def test_who_is_not_on_the_list_does_not_come_in(provider: MockProvider, browser: Browser) -> None:
    """A verified address is not enough."""
    provider.knows("eve", email="eve@evil.example", email_verified=True)
    refused = browser.sign_in("eve")
    assert (refused.status_code, browser.session) == (403, "")
    assert "ALLOWED_USERS" in refused.json()["detail"]


def test_who_says_no_at_the_provider_is_not_signed_in(browser: Browser) -> None:
    """The provider's own word for it is passed on, and nothing that somebody else made up."""
    back = httpx2.post(browser.leave(), data={"action": "deny"}).headers["location"]
    state = query(browser.leave())["state"]
    assert "access_denied" in back
    refused = browser.http.get("/auth/callback/oidc", params={"state": state, "error": "<b>call 555</b>"})
    assert refused.status_code == 403
    assert "555" not in refused.text


def test_a_provider_that_is_away_is_told_in_words() -> None:
    """Nobody is signed in, everybody else is served, and it is 502."""
    nobody = f"http://127.0.0.1:{free_port()}"
    with start(**signs_in(nobody, free_port())) as alone, Browser(alone.wait_ready()) as browser:
        refused = browser.http.get("/auth/oidc")
        assert refused.status_code == 502
        assert nobody in refused.json()["detail"]
        assert browser.check()["providers"] == ["oidc"]


def test_login_csrf(browser: Browser, other: Browser) -> None:
    """The link with which an attacker would sign a victim in as the attacker opens nothing in the victim's browser."""
    link = other.agree(other.leave(), BOB)
    refused = browser.http.get(link)
    assert refused.status_code == 400
    assert "begin again at" in refused.json()["detail"]
    assert browser.check()["signed_in"] is False
    browser.leave()
    assert browser.http.get(link).status_code == 400
    assert browser.check()["signed_in"] is False


def test_state_replay(browser: Browser) -> None:
    """A way back is gone once it was taken, though the browser still has its cookie."""
    link = browser.agree(browser.leave())
    kept = browser.http.cookies["airlock-sign-in"]
    assert browser.http.get(link).status_code == 303
    browser.http.cookies.clear()
    browser.http.cookies.set("airlock-sign-in", kept)
    assert browser.http.get(link).status_code == 400
    assert browser.check()["signed_in"] is False


def test_code_injection(browser: Browser, other: Browser) -> None:
    """A code that was stolen from somebody else does not fit the attacker's own sign-in."""
    stolen = query(other.agree(other.leave(), ANN))["code"]
    link = httpx2.URL(browser.agree(browser.leave(), BOB)).copy_set_param("code", stolen)
    refused = browser.http.get(str(link))
    assert refused.status_code == 502
    assert browser.check()["signed_in"] is False


def test_a_code_alone_is_worth_nothing(browser: Browser, other: Browser) -> None:
    """Without the state, or with one that was made up."""
    code = query(other.agree(other.leave()))["code"]
    for state in ({}, {"state": ""}, {"state": "x" * 43}):
        assert browser.http.get("/auth/callback/oidc", params={"code": code, **state}).status_code == 400
    assert browser.check()["signed_in"] is False


def test_every_sign_in_asks_with_pkce_and_a_nonce(browser: Browser) -> None:
    """By S256, though this provider never asked for it; and nothing is the same twice."""
    first, second = query(browser.leave()), query(browser.leave())
    assert first["code_challenge_method"] == "S256"
    assert first["response_type"] == "code"
    assert first["redirect_uri"] == f"{browser.origin}/auth/callback/oidc"
    for name in ("code_challenge", "nonce", "state"):
        assert len(first[name]) == 43
        assert first[name] != second[name]


@pytest.mark.parametrize(
    "target", [EVIL, "//evil.example", "/\\evil.example", "/%09/evil.example", "javascript:alert(1)", "evil.example"]
)
def test_open_redirect(browser: Browser, target: str) -> None:
    """Whoever makes a link to the sign-in does not say where it ends, but on this site."""
    assert browser.sign_in(path=f"/auth/oidc?next={target}").headers["location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/auth/oidc?next=/%0d%0aSet-Cookie:%20evil=1",
        "/auth/oidc?next=/%0aX-Evil:%201",
        "/auth/oidc?next=/%e5%98%8d%e5%98%8aX-Evil:%201",
        "/auth/callback/oidc?state=%0d%0aX-Evil:%201&error=%0d%0aX-Evil:%201",
        "/nowhere%0d%0aX-Evil:%201",
        "/api/messages/1%0d%0aX-Evil:%201/raw",
    ],
)
def test_header_injection(browser: Browser, path: str) -> None:
    """A line end in an address does not end a header of the answer, here or when the browser is back."""
    answers = [browser.http.get(path)]
    if answers[0].status_code == 303:
        answers.append(browser.http.get(browser.agree(answers[0].headers["location"])))
        assert answers[-1].headers["location"].isascii()
    for answer in answers:
        assert "x-evil" not in answer.headers
        assert "evil" not in [cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")]


def test_session_fixation(browser: Browser, other: Browser) -> None:
    """A session that an attacker planted is not the one that the victim has afterwards; it is over."""
    other.sign_in()
    planted = other.session
    browser.http.cookies.set("airlock-session", planted, domain="localhost.local", path="/")
    browser.sign_in()
    assert browser.session != planted
    assert other.check()["signed_in"] is False


@pytest.mark.parametrize("column", ["idle_at", "ends_at"])
def test_an_expired_session_opens_nothing(database: Database, browser: Browser, column: str) -> None:
    """Idle, or too old; the cookie that names it is taken back."""
    browser.sign_in()
    with database.write() as session:
        mine = BrowserSession.digest == digest(browser.session)
        session.execute(update(BrowserSession).where(mine).values({column: clock.now(session)}))
    refused = browser.http.get("/api/accounts")
    assert refused.status_code == 401
    assert "sign in again" in refused.json()["detail"]
    assert browser.check()["signed_in"] is False
    assert browser.session == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": EVIL},
        {"Origin": "null"},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_request_forgery(browser: Browser, headers: dict[str, str]) -> None:
    """A page of another site that has the cookie sent along changes nothing, and signs nobody out."""
    browser.sign_in()
    for path in ("/api/pause", "/auth/logout", "/auth/logout/everywhere", "/auth/tokens"):
        assert browser.send("POST", path, headers=headers).status_code == 403
    assert browser.send("POST", "/auth/logout", headers=headers).status_code == 403
    assert browser.check()["signed_in"] is True


@pytest.mark.parametrize("path", ["/api/messages/1/html?images=remote", "/api/export/mbox", "/api/accounts"])
def test_a_link_of_another_site_opens_no_mail(browser: Browser, path: str) -> None:
    """The cookie goes along with it; a page of the site, a bookmark, and whoever has a token are served."""
    browser.sign_in()
    for site in ("cross-site", "same-site"):
        refused = browser.http.get(path, headers={"Sec-Fetch-Site": site})
        assert refused.status_code == 403
        assert "another site" in refused.json()["detail"]
    own = [browser.http.get(path, headers={"Sec-Fetch-Site": site}) for site in ("same-origin", "none")]
    own.append(browser.http.get(path, headers={"Sec-Fetch-Site": "cross-site", "Authorization": f"Bearer {TOKEN}"}))
    assert 403 not in [answer.status_code for answer in own]


def test_a_token_needs_no_csrf_token(browser: Browser) -> None:
    """No browser sends it by itself; and it counts, not the cookie beside it."""
    browser.sign_in(BOB)
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": EVIL}
    assert browser.http.get("/auth/check", headers=headers).json()["user"]["name"] == "owner"
    made = browser.http.post("/auth/tokens", json={"name": "x", "scope": "read"}, headers=headers)
    assert made.status_code == 201
    wrong = {"Authorization": "Bearer wrong"}
    assert browser.http.get("/api/accounts", headers=wrong).status_code == 401


@pytest.mark.parametrize("path", ["/api/accounts", "/auth/check", "/auth/tokens"])
def test_cors_with_credentials(browser: Browser, path: str) -> None:
    """No other site reads an answer, asked with or without a preflight."""
    browser.sign_in()
    answers = [
        browser.http.get(path, headers={"Origin": EVIL}),
        browser.http.options(path, headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"}),
    ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_forged_forwarded_headers(provider: MockProvider) -> None:
    """Without a trusted proxy neither the host nor the client's address is what a header says."""
    variables = signs_in(provider.url, free_port(), TRUSTED_PROXIES="")
    with start(**variables) as direct, Browser(direct.wait_ready()) as browser:
        forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Host": "evil.example"}
        sent = browser.http.get("/auth/oidc", headers=forged)
        assert query(sent.headers["location"])["redirect_uri"] == f"{browser.origin}/auth/callback/oidc"
        addresses = ({"X-Forwarded-For": f"203.0.113.{number}"} for number in range(60))
        statuses = [browser.http.get("/auth/oidc", headers=headers).status_code for headers in addresses]
    assert statuses.count(303) < 30
    assert statuses[-1] == 429


def test_many_attempts_are_a_handful(database: Database, browser: Browser, other: Browser) -> None:
    """One address fills no table and asks the provider little; others sign in as before."""
    with database.read() as session:
        before = session.scalars(select(func.count()).select_from(SignIn)).one()
    answers = [browser.http.get("/auth/oidc") for _ in range(200)]
    refused = [answer for answer in answers if answer.status_code == 429]
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(SignIn)).one() - before < 40
    assert len(refused) > 160
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
    assert browser.http.get("/auth/callback/oidc").status_code == 429
    assert other.sign_in().status_code == 303


def test_one_person_signs_in_so_often(provider: MockProvider, boot: Boot, browser: Browser) -> None:
    """Wherever from; somebody else signs in from there meanwhile."""
    provider.knows("often", email="often@example.org", email_verified=True)
    answers = []
    for _ in range(20):
        with Browser(boot) as another:
            answers.append(another.sign_in("often"))
    assert [answer.status_code for answer in answers[:10]] == [303] * 10
    assert (answers[-1].status_code, "set-cookie" in answers[-1].headers) == (429, False)
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "too many attempts to sign in" in answers[-1].json()["detail"]
    assert browser.sign_in().status_code == 303


def test_a_person_signs_in_with_google(provider: MockProvider) -> None:
    """From /auth/google to the way back at /auth/callback/google, with Google's client and nobody else's."""
    unset = dict.fromkeys(("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"), "")
    client = {"GOOGLE_CLIENT_ID": "airlock.apps.example", "GOOGLE_CLIENT_SECRET": "secret-of-the-google-client"}
    variables = signs_in(provider.url, free_port(), GOOGLE_ISSUER=provider.url, **client, **unset)
    with start(**variables) as boot, Browser(boot.wait_ready()) as browser:
        assert browser.check() == {"signed_in": False, "providers": ["google"]}
        left = browser.leave("/auth/google?next=/mail")
        assert query(left)["client_id"] == "airlock.apps.example"
        assert query(left)["redirect_uri"] == f"{browser.origin}/auth/callback/google"
        arrived = browser.http.get(browser.agree(left, ANN))
        assert (arrived.status_code, arrived.headers["location"]) == (303, "/mail")
        by_token = httpx2.get(f"{browser.origin}/auth/check", headers={"Authorization": f"Bearer {TOKEN}"}).json()
        assert (browser.check()["by"], browser.check()["user"]) == ("session", by_token["user"])


def test_nothing_of_a_sign_in_is_logged(boot: Boot, browser: Browser) -> None:
    """No code, state, cookie, token or address."""
    link = browser.agree(browser.leave())
    browser.http.get(link)
    token = browser.send("POST", "/auth/tokens", json={"name": "canary-name", "scope": "read"}).json()["token"]
    browser.http.get("/api/accounts", headers={"Authorization": f"Bearer {token}x"})
    secrets = [
        query(link)["code"],
        query(link)["state"],
        browser.session,
        token,
        "@example.org",
        "secret-of-the-client",
    ]
    assert [secret for secret in secrets if secret in boot.output] == []
