"""Cross-site scripting in every field of mail, in a real browser: nothing runs, and nothing is asked of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2
import pytest
from playwright.sync_api import Error

from tests.service.api.served import Served, served
from tests.service.browser.letters import KIND_OF, SHOWN, letters
from tests.service.browser.payloads import KINDS
from tests.service.browser.plain_server import PlainServer
from tests.service.browser.watch import Asked, Watch
from tests.service.process import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

    from tests.service.browser.elsewhere import Elsewhere

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FORBIDDEN = """() => [...document.querySelectorAll("*")].filter((element) =>
    /^(script|iframe|frame|object|embed|base|form|input|button|link|svg|math|template|portal|style)$/i.test(element.localName)
    && !element.closest("head")
    || [...element.attributes].some(({name}) => /^on|^srcdoc$|^ping$|^formaction$/i.test(name))
    || element.localName === "a" && element.hasAttribute("href") && !/^(https?|mailto):$/.test(element.protocol)
    || element.localName === "a" && (element.target !== "_blank" || !element.relList.contains("noopener"))
).map((element) => element.outerHTML.slice(0, 200))"""
"""What is in a document that should not be."""
OPEN_ALL = """async () => {
    const article = document.querySelector("article")
    let framed = 0
    for (const entry of document.querySelectorAll("#list button")) {
        const address = /eve\\d+@evil.example/.exec(entry.textContent)[0]
        await new Promise((resolve, reject) => {
            const done = () => { article.removeEventListener("load", loaded, true); resolve() }
            const loaded = () => { framed += 1; done() }
            article.addEventListener("load", loaded, true)
            new MutationObserver((_, observer) => {
                if (!article.textContent.includes(address)) return
                observer.disconnect()
                if (article.querySelector("p > *:not(strong, time), pre > *, li > *:not(a), script, img, svg, math"))
                    reject(new Error(`there is markup of the sender of ${address} in the page`))
                if (!article.querySelector("button")) done()
            }).observe(article, { childList: true })
            entry.click()
        })
    }
    return framed
}"""
"""Opens every message that the page lists, one when the one before is loaded; how many of them had a frame."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that has the whole corpus as mail."""
    with served(tmp_path_factory.mktemp("data"), letters()) as service:
        yield service


@pytest.fixture
def watch(context: BrowserContext, elsewhere: Elsewhere) -> Watch:
    """A watch over a page of a browser as it is."""
    return Watch(context, elsewhere)


def test_a_careless_page_is_attacked(watch: Watch, context: BrowserContext) -> None:
    """The same payloads where nobody cares: the watch sees scripts run and other sites being asked."""
    context.set_default_navigation_timeout(10_000)  # some lead to where nothing ever comes from
    framed = "<iframe sandbox=allow-scripts srcdoc='<img src=x onerror=xss(0)>'></iframe>"
    with PlainServer([framed, *(f"<!doctype html><h1>{shown}</h1>" for shown in SHOWN)]) as careless:
        watch.visit(f"{careless.url}/0")
        assert watch.ran == ["0"]
        for number in range(1, len(SHOWN) + 1):
            watch.visit(f"{careless.url}/{number}")
    ran = {KIND_OF[int(number)] for number in watch.ran}
    asked = {KIND_OF[int(number)] for heard in watch.elsewhere.heard for number in re.findall(rb"GET /(\d+)", heard)}
    assert ran | asked == set(KINDS)
    assert len(set(watch.ran)) > 100
    assert len(watch.elsewhere.heard) > 30


def test_the_page_and_its_frame_run_nothing(watch: Watch, serving: Served) -> None:
    """Every message opened on the page of the service: texts in all fields, and the HTML in its frame."""
    page = watch.visit(f"{serving.boot.url}/mail")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    entries = page.locator("#list button")
    entries.first.wait_for()
    while page.locator("#older").is_visible():
        with page.expect_response(lambda answer: "/api/messages?" in answer.url):
            page.locator("#older").click()
    assert entries.count() == len(serving.ids)
    framed = page.evaluate(OPEN_ALL)
    assert framed > len(SHOWN) / 2
    assert (watch.ran, watch.elsewhere.heard) == ([], [])


@pytest.mark.parametrize("number", [1, 2], ids=["html", "svg"])
def test_an_attachment_is_saved_and_never_shown(
    watch: Watch, context: BrowserContext, serving: Served, number: int
) -> None:
    """Even where a link leads to it as to a page."""
    context.set_extra_http_headers(BEARER)
    page = context.new_page()
    with page.expect_download() as download, pytest.raises(Error, match="Download is starting"):
        page.goto(f"{serving.boot.url}/api/messages/{serving.ids['0']}/attachments/{number}")
    assert "<script>xss(0)" not in download.value.suggested_filename
    assert (watch.ran, page.url) == ([], "about:blank")


def test_the_sanitiser_alone_is_enough(browser: Browser, elsewhere: Elsewhere, serving: Served) -> None:
    """Every message's HTML as a page without any policy."""
    with browser.new_context(bypass_csp=True) as context:
        watch = Watch(context, elsewhere)
        with PlainServer(_documents(serving)) as plain:
            for number in range(len(serving.ids)):
                page = watch.visit(f"{plain.url}/{number}")
                assert page.evaluate(FORBIDDEN) == []
    assert (watch.ran, watch.elsewhere.heard) == ([], [])


def test_the_policy_alone_is_enough(watch: Watch, serving: Served) -> None:
    """What was sent, not sanitised, under the policy of the document."""
    any_message = next(iter(serving.ids.values()))
    url = f"{serving.boot.url}/api/messages/{any_message}/html"
    policy = httpx2.get(url, headers=BEARER).headers["content-security-policy"]
    with PlainServer(SHOWN, Content_Security_Policy=policy) as unsanitised:
        for number in range(len(SHOWN)):
            watch.visit(f"{unsanitised.url}/{number}")
    assert (watch.ran, watch.elsewhere.heard) == ([], [])


def test_remote_pictures_are_all_that_mail_has_loaded(watch: Watch, context: BrowserContext, tmp_path: Path) -> None:
    """Every message's HTML under its policy when its reader wants them: others are asked for images, over TLS alone."""
    mails = {name: raw.replace(b"//evil.example", b"https://evil.example") for name, raw in letters().items()}
    context.set_extra_http_headers(BEARER)
    with served(tmp_path, mails) as service:
        asked = Asked(context, service.boot.url)
        for message_id in service.ids.values():
            page = watch.visit(f"{service.boot.url}/api/messages/{message_id}/html?images=remote")
            assert page.evaluate(FORBIDDEN) == []
    assert (watch.ran, asked.kinds) == ([], {"GET image"})
    assert {heard[:2] for heard in watch.elsewhere.heard} == {b"\x16\x03"}


def test_the_policy_alone_lets_pictures_through_and_nothing_else(
    watch: Watch, context: BrowserContext, serving: Served
) -> None:
    """What was sent, not sanitised, under the policy of a document with remote pictures."""
    any_message = next(iter(serving.ids.values()))
    url = f"{serving.boot.url}/api/messages/{any_message}/html?images=remote"
    policy = httpx2.get(url, headers=BEARER).headers["content-security-policy"]
    pages = [shown.replace("//evil.example", "https://evil.example") for shown in SHOWN]
    with PlainServer(pages, Content_Security_Policy=policy) as unsanitised:
        asked = Asked(context, unsanitised.url)
        for number in range(len(SHOWN)):
            watch.visit(f"{unsanitised.url}/{number}")
    # "Other" is a prefetch, which a policy lets go to wherever it lets anything go: it tells no more than a picture.
    assert (watch.ran, asked.kinds) == ([], {"GET image", "GET other"})
    assert {heard[:2] for heard in watch.elsewhere.heard} == {b"\x16\x03"}


def _documents(serving: Served) -> list[str]:
    """The documents as they are served, without the policy that is in them."""
    with httpx2.Client(base_url=serving.boot.url, headers=BEARER) as client:
        texts = [client.get(f"/api/messages/{message_id}/html").text for message_id in serving.ids.values()]
    return [text.replace("Content-Security-Policy", "x") for text in texts]
