"""A mailbox at Gmail on the page, in a real browser: connected, synced, connected again, and a reply that is sent."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.browser.chromium import PATIENCE
from tests.service.browser.signing_in import sign_in
from tests.service.google.server import READ, SEND, Asked, GoogleServer
from tests.service.process import TOKEN, free_port, start
from tests.service.provider import MockProvider, signs_in
from tests.service.store.followed import raw
from tests.service.worker.kept import KEYS
from tests.service.worker.whole import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Locator, Page, Response

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]  # the first waits for the browser to be installed

SENDING = "/gmail/v1/users/me/messages/send"
ANN_AT_GMAIL = "ann@gmail.example"
ASKS = "Could you send me the report by Friday?"
WRITER = '"<img src=x onerror=alert(1)>" <bob@example.com>'


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    """Where there is a mail that wants an answer."""
    with GoogleServer() as server:
        server.mailbox.deliver(raw(1, text=ASKS, From=WRITER, To=server.mailbox.address))
        yield server


@contextmanager
def signed_in(context: BrowserContext, provider: MockProvider, **env: str) -> Iterator[Page]:
    """The page of a service that works with these variables, when Ann has signed in."""
    settings = signs_in(provider.url, free_port(), SECRET_KEYS=KEYS, WORKER_MODE="")
    with start(**{**settings, **env}) as boot:
        page = sign_in(context, boot.wait_ready().port)
        page.get_by_role("navigation", name="Messages").wait_for()
        yield page


@pytest.fixture
def page(context: BrowserContext, provider: MockProvider, google: GoogleServer) -> Iterator[Page]:
    """The page of a service that reads mailboxes at Gmail, and sends nothing."""
    with signed_in(context, provider, **google.env) as opened:
        yield opened


@pytest.fixture
def sending(context: BrowserContext, provider: MockProvider, google: GoogleServer) -> Iterator[Page]:
    """The page of one that sends."""
    google.scopes = f"{READ} {SEND}"
    with signed_in(context, provider, GMAIL_SEND="true", **google.env) as opened:
        yield opened


def connect(page: Page) -> None:
    """Follow the link, by keyboard; at Google the person agrees."""
    page.get_by_role("link", name="Connect Gmail").press("Enter")
    page.wait_for_url("**/mail")
    expect(mailbox(page, ANN_AT_GMAIL)).to_contain_text("is well")


def mailbox(page: Page, name: str = "") -> Locator:
    """The line of the one mailbox that there is, or that has this in its name."""
    return page.get_by_role("region", name="Mailboxes").get_by_role("listitem").filter(has_text=name)


def ask(page: Page, method: str, path: str, **body: object) -> None:
    """Ask the API for something, in the session of the page."""
    asked = """async ([method, path, body]) => {
        const { csrf_token } = await (await fetch("/auth/check")).json()
        const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf_token }
        return (await fetch(path, { method, headers, body })).ok
    }"""
    assert page.evaluate(asked, [method, path, json.dumps(body)])


def add_failing(page: Page) -> None:
    """A mailbox on a server that is nowhere; it is the user's first one."""
    where = {"host": "imap.invalid", "username": "ann"}
    ask(page, "POST", "/api/accounts", kind="imap", name="Old", settings=where, secret="x")


def reply(page: Page) -> Locator:
    """The reply to the message that there is, which is opened; its mailbox is connected before."""
    connect(page)
    wait_until(lambda: page.request.get(page.url.replace("/mail", "/api/drafts")).json()["drafts"])
    page.get_by_role("button", name="Number 1").click()
    return page.get_by_role("region", name="Proposed reply")


def write(proposed: Locator, text: str) -> None:
    """Write a reply, and go on to send it."""
    proposed.get_by_label("Reply").fill(text)
    proposed.get_by_role("button", name="Send the reply").click()


def test_a_mailbox_is_connected_and_read(page: Page, google: GoogleServer) -> None:
    """From the link through Google's consent to the mail, with the name and how the mailbox is."""
    expect(mailbox(page)).to_have_count(0)
    connect(page)
    expect(mailbox(page)).to_contain_text("ann@gmail.example is well. All that it had was here 0 minutes ago")
    expect(page.get_by_role("button", name="Number 1")).to_be_visible()


@pytest.mark.parametrize(
    ("granted", "told"), [("", "You gave no access at Google"), ("openid", "Google was not allowed to let messages be")]
)
def test_who_says_no_is_told_so_on_the_page(page: Page, google: GoogleServer, granted: str, told: str) -> None:
    """In words, and once: they are gone when the page is loaded anew."""
    google.scopes = granted
    page.get_by_role("link", name="Connect Gmail").click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page).to_have_url(re.compile("/mail$"))
    expect(mailbox(page)).to_have_count(0)
    page.reload()
    page.get_by_role("link", name="Connect Gmail").wait_for()
    expect(page.get_by_role("alert")).to_be_empty()


def test_no_link_has_words_of_its_own_for_the_page(page: Page) -> None:
    """Somebody's link may say that access was refused, and not how."""
    for said in ("Call+555-0100", "constructor"):
        page.goto(f"{page.url}?#refused={said}")
        expect(page.get_by_role("alert")).to_have_text("Google gave no access: connect again.")


def test_access_that_was_taken_back_is_given_again(page: Page, google: GoogleServer) -> None:
    """The page says why nothing comes, and leads to the consent."""
    connect(page)
    google.revoke_all()
    page.get_by_role("button", name=f"Sync now: {ANN_AT_GMAIL}").click()
    expect(mailbox(page)).to_contain_text("needs access again: ")
    expect(page.get_by_role("button", name="Sync now")).to_have_count(0)
    page.get_by_role("link", name=f"Reconnect {ANN_AT_GMAIL}").click()
    expect(mailbox(page)).to_contain_text("is well")


def test_mail_that_came_meanwhile_is_fetched_when_asked_for(page: Page, google: GoogleServer) -> None:
    """The button keeps the focus while the page looks."""
    connect(page)
    google.mailbox.deliver(raw(2))
    page.get_by_role("button", name="Sync now").press("Enter")
    expect(page.get_by_role("button", name="Number 2")).to_be_visible()
    expect(page.get_by_role("button", name="Sync now")).to_be_focused()


def test_what_does_not_change_stays_where_it_is(page: Page, google: GoogleServer) -> None:
    """While the page looks each second, a click on a button meets it, and no reader is told of it anew."""
    connect(page)
    held = threading.Event()

    def hold(_: Asked) -> None:
        held.wait(PATIENCE / 1000)

    google.before = hold
    button = page.get_by_role("button", name="Sync now")
    button.press("Enter")
    there = button.element_handle()
    for _ in range(3):  # the list that the second one makes is there at the third
        page.wait_for_event("response", lambda answer: answer.url.endswith("/api/accounts"))
    assert there.evaluate("button => button.isConnected")
    held.set()


def test_a_mailbox_waits_for_no_other_one(page: Page, google: GoogleServer) -> None:
    """Where another one fails, its first mail is shown, and what came meanwhile."""
    add_failing(page)
    connect(page)
    soon = PATIENCE / 2  # the page itself waits a minute for a mailbox
    expect(page.get_by_role("button", name="Number 1")).to_be_visible(timeout=soon)
    page.reload()  # what looked for the first mail is over
    google.mailbox.deliver(raw(2))
    page.get_by_role("button", name=f"Sync now: {ANN_AT_GMAIL}").click()
    expect(page.get_by_role("button", name="Number 2")).to_be_visible(timeout=soon)


def test_the_way_to_the_consent_keeps_the_focus(page: Page, google: GoogleServer) -> None:
    """When the list of mailboxes changes around it."""
    add_failing(page)
    connect(page)
    google.revoke_all()
    page.get_by_role("button", name=f"Sync now: {ANN_AT_GMAIL}").click()
    expect(mailbox(page, ANN_AT_GMAIL)).to_contain_text("needs access again: ")
    page.reload()
    link = page.get_by_role("link", name=f"Reconnect {ANN_AT_GMAIL}")
    link.focus()
    ask(page, "PATCH", "/api/accounts/1", name="Older")
    expect(mailbox(page, "Older")).to_be_visible()
    expect(link).to_be_focused()


def test_who_comes_with_a_token_is_not_led_to_a_consent(page: Page) -> None:
    """It wants a session."""
    connect(page)
    page.context.clear_cookies()
    page.reload()
    page.get_by_label("Access token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sync now")).to_be_visible()
    expect(page.get_by_role("link", name="Connect Gmail")).to_have_count(0)


def test_a_reply_is_proposed_and_changed(page: Page, google: GoogleServer) -> None:
    """What is saved is there again; where nothing is sent no button says so."""
    proposed = reply(page)
    expect(proposed.get_by_role("status")).to_have_text("The assistant proposes it; it is not sent.")
    expect(proposed.get_by_label("To")).to_have_value("bob@example.com")
    expect(proposed.get_by_label("Reply")).to_have_value(re.compile("Could you send me the report by Friday"))
    expect(proposed.get_by_role("button")).to_have_text(["Save the reply"])
    proposed.get_by_label("To").fill("bob@example.com, eve@example.net")
    proposed.get_by_label("Subject").fill("The report")
    proposed.get_by_label("Reply").fill("<b>Here</b> it is.")
    proposed.get_by_role("button", name="Save the reply").click()
    expect(proposed.get_by_role("status")).to_have_text("It is saved, and not sent.")
    page.reload()
    page.get_by_role("button", name="Number 1").click()
    expect(proposed.get_by_label("To")).to_have_value("bob@example.com, eve@example.net")
    expect(proposed.get_by_label("Subject")).to_have_value("The report")
    expect(proposed.get_by_label("Reply")).to_have_value("<b>Here</b> it is.")


def test_a_reply_is_sent_once_when_its_writer_confirms_it(sending: Page, google: GoogleServer) -> None:
    """To those whom the page names, as texts; a second click sends nothing more, and whoever cancels sends nothing."""
    proposed, question = reply(sending), sending.get_by_role("dialog", name="Send this reply?")
    write(proposed, "Here it is.")
    expect(question.get_by_role("listitem")).to_have_text(["bob@example.com <img src=x onerror=alert(1)>"])
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    sending.keyboard.press("Enter")
    expect(question).to_have_count(0)
    proposed.get_by_role("button", name="Send the reply").dblclick()
    sent: list[tuple[int, str]] = []

    def are_two(answer: Response) -> bool:
        if answer.url.endswith("/send"):
            sent.append((answer.status, answer.request.headers["idempotency-key"]))
        return len(sent) == 2

    with sending.expect_response(are_two):
        question.get_by_role("button", name="Send").dblclick()
    expect(proposed.get_by_role("status")).to_have_text("It was sent.")
    expect(sending.get_by_role("alert")).to_be_empty()
    expect(proposed.get_by_label("Reply")).not_to_be_editable()
    expect(proposed.get_by_role("button")).to_have_count(0)
    assert [status for status, _ in sent] == [200, 200]
    assert len(set(sent)) == 1
    [mail] = [one.raw for one in google.mailbox.messages.values() if "SENT" in one.labels]
    assert b"Here it is." in mail
    assert google.count(SENDING) == 1


def test_a_reply_that_cannot_be_sent_says_why(sending: Page, google: GoogleServer) -> None:
    """Where something is still to be written, and where Gmail does not take it; it can be sent again.

    However much happens meanwhile: events come by pages, which are of one here.
    """
    google.scopes = READ
    sending.route("**/api/events?after=*", lambda route: route.continue_(url=f"{route.request.url}&limit=1"))
    proposed, question = reply(sending), sending.get_by_role("dialog", name="Send this reply?")
    proposed.get_by_role("button", name="Send the reply").click()
    question.get_by_role("button", name="Send").click()
    expect(sending.get_by_role("alert")).to_contain_text("still to be written: edit it first")
    write(proposed, "Here it is.")
    question.get_by_role("button", name="Send").click()
    expect(proposed.get_by_role("status")).to_contain_text("It was not sent: ")
    expect(proposed.get_by_role("button", name="Send the reply")).to_be_visible()
    assert not [one for one in google.mailbox.messages.values() if "SENT" in one.labels]
