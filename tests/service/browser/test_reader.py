"""The page on which a person reads their mail, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.api.served import Served, served
from tests.service.browser.signing_in import sign_in
from tests.service.core.mime.test_shown import with_picture
from tests.service.process import TOKEN, free_port
from tests.service.provider import MockProvider, signs_in
from tests.service.store.followed import mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page, Route

    from tests.boot import Boot
    from tests.service.browser.elsewhere import Elsewhere

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]  # the first waits for the browser to be installed

HTML = (
    "<p style='display:none'>preview</p><p>See <a href='http://shop.example/'>the shop</a></p>"
    "<img alt=logo src='cid:logo@x'><img alt=open src='https://tracker.example/open.gif'>"
)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with two mails."""
    mails = {"html": with_picture(HTML), "text": mail("Lunch?", "1 < 2, and soup.\n")}
    with served(tmp_path_factory.mktemp("data"), mails) as service:
        yield service


@pytest.fixture
def page(context: BrowserContext, serving: Served) -> Page:
    """The page, opened with the token."""
    return opened(context, serving.boot)


def opened(context: BrowserContext, boot: Boot) -> Page:
    """The page of a service, opened with its token."""
    page = context.new_page()
    page.goto(f"{boot.url}/mail")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("navigation", name="Messages").wait_for()
    return page


def test_a_wrong_token_opens_nothing(context: BrowserContext, serving: Served) -> None:
    """The page says so, and asks again."""
    page = context.new_page()
    page.goto(f"{serving.boot.url}/mail")
    page.get_by_label("Access token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This token opens nothing here.")
    expect(page.get_by_role("navigation")).to_be_hidden()


def test_the_page_opens_while_the_service_is_upgraded(context: BrowserContext, serving: Served) -> None:
    """When an older one answers, which says nothing of what it connects and sends."""

    def answer_as_older(route: Route) -> None:
        said = route.fetch().json()
        route.fulfill(json={name: said[name] for name in said.keys() - {"connects", "sends"}})

    context.route("**/auth/check", answer_as_older)
    page = opened(context, serving.boot)
    expect(page.get_by_role("button", name="Lunch?")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_empty()


def test_a_message_is_read_by_keyboard_alone(page: Page) -> None:
    """From the list to the message, whose heading gets the focus."""
    first = page.get_by_role("navigation").get_by_role("button").first
    first.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="Lunch?")
    expect(heading).to_be_focused()
    expect(page.get_by_text("1 < 2, and soup.")).to_be_visible()


def test_a_message_says_what_it_is_and_why(context: BrowserContext, filled: Boot) -> None:
    """The label in the list; with the message the summary too, and the reasons."""
    page = opened(context, filled)
    line = page.get_by_role("navigation").get_by_role("button", name="Your receipt")
    expect(line).to_contain_text("receipt, money, 2026")
    line.click()
    expect(page.get_by_role("article")).to_contain_text("receipt, money, 2026 About: Your receipt")
    expect(page.get_by_role("article").get_by_role("listitem").first).to_have_text("it asks a question")


def test_html_is_in_a_frame_with_its_own_pictures(page: Page, elsewhere: Elsewhere) -> None:
    """What the sender hides is hidden, and nobody else is asked for anything until the reader wants it."""
    page.get_by_role("button", name="Hello").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("link", name="the shop")).to_be_visible()
    expect(frame.get_by_text("preview")).to_be_hidden()
    assert frame.get_by_alt_text("logo").evaluate("image => image.complete && image.naturalWidth") == 1
    assert frame.get_by_alt_text("open").get_attribute("src") is None
    assert elsewhere.heard == []
    page.get_by_role("button", name="Show remote images").click()
    assert elsewhere.wait().startswith(b"\x16\x03")  # a TLS handshake


def test_a_link_opens_a_window_of_its_own(page: Page, elsewhere: Elsewhere) -> None:
    """Which is told nothing of where it came from."""
    page.get_by_role("button", name="Hello").click()
    with page.context.expect_page():
        page.frame_locator("iframe").get_by_role("link", name="the shop").click()
    asked = elsewhere.wait().lower()
    assert asked.startswith(b"get / http/1.1\r\nhost: shop.example")
    assert b"referer" not in asked
    assert page.url.endswith("/mail")


def test_an_attachment_is_saved_under_its_name(page: Page) -> None:
    """With the token, which no link sends by itself."""
    page.get_by_role("button", name="Hello").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="attachment 1").click()
    assert download.value.suggested_filename == "attachment-1.gif"


def test_the_token_is_in_the_memory_of_the_page_alone(page: Page) -> None:
    """No storage and no cookie has it, and a page that is loaded anew has forgotten it."""
    stored = "JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])"
    assert TOKEN not in page.evaluate(stored)
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_label("Access token")).to_be_visible()
    assert page.get_by_label("Access token").input_value() == ""


def test_a_person_signs_in_reads_and_signs_out(context: BrowserContext, tmp_path: Path, elsewhere: Elsewhere) -> None:
    """The cookie of the session does what the token does, in the frame too, which is then loaded by its address."""
    mails = {"html": with_picture(HTML)}
    with (
        MockProvider() as provider,
        served(tmp_path, mails, **signs_in(provider.url, free_port())) as service,
    ):
        page = sign_in(context, service.boot.port)
        page.get_by_role("button", name="Hello").wait_for()
        expect(page.get_by_role("region", name="Mailboxes").get_by_role("link")).to_have_count(0)
        elsewhere.heard.clear()  # the provider's page asks others for its style
        page.get_by_role("button", name="Hello").click()
        frame = page.frame_locator("iframe")
        assert frame.get_by_alt_text("logo").evaluate("image => image.complete && image.naturalWidth") == 1
        assert page.frames[1].url.endswith(f"/api/messages/{service.ids['html']}/html")
        with page.expect_download() as download:
            page.get_by_role("link", name="attachment 1").click()
        assert download.value.suggested_filename == "attachment-1.gif"
        link = f"http://localhost:{service.boot.port}/api/messages/{service.ids['html']}/html?images=remote"
        another = context.new_page()
        another.set_content(f"<a href='{link}'>a site of somebody else</a>")
        with another.expect_response(link) as answer:
            another.get_by_role("link").click()
        assert answer.value.status == 403
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in with oidc")).to_be_visible()
        expect(page.get_by_role("navigation")).to_be_hidden()
        assert context.cookies() == []
        assert elsewhere.heard == []


def test_a_search_narrows_the_list(page: Page) -> None:
    """By words of the message."""
    page.get_by_label("Search").fill("soup")
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").get_by_role("listitem")).to_have_count(1)
