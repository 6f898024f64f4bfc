"""A message's HTML over HTTP: a document that may do nothing but be looked at."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.service.api.client import Api
from tests.service.api.served import Served, served
from tests.service.core.mime.test_shown import with_picture
from tests.service.process import TOKEN, free_port
from tests.service.provider import signs_in
from tests.service.store.followed import mail

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOTE = "https://tracker.example/open.gif"
HTML = (
    f"<p style='display:none'>preview</p><a href='https://shop.example'>Shop</a><img src='{REMOTE}'>"
    "<img src='cid:logo@x'><script>x()</script>"
)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with a mail that has HTML, and one that has none."""
    mails = {"html": with_picture(HTML), "text": mail(text="1 < 2\n")}
    with served(tmp_path_factory.mktemp("data"), mails, **signs_in("https://id.example.org", free_port())) as service:
        yield service


@pytest.fixture(scope="module")
def api(serving: Served) -> Iterator[Api]:
    """A client of it."""
    with Api(serving.boot) as client:
        yield client


def directives(policy: str) -> dict[str, list[str]]:
    """A Content-Security-Policy, by directive."""
    return {name: sources for name, *sources in (directive.split() for directive in policy.split(";"))}


def hashed(text: str) -> str:
    """The source that allows this style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_document_may_do_nothing(api: Api, serving: Served) -> None:
    """No script, form, base or address; its one style sheet and the one style that hides are named by their hashes."""
    answer = api.send("GET", f"/messages/{serving.ids['html']}/html")
    [sheet] = re.findall("<style>(.*?)</style>", answer.text)
    assert directives(answer.headers["content-security-policy"]) == {
        "default-src": ["'none'"],
        "style-src": [hashed(sheet), "'unsafe-hashes'", hashed("display:none")],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
    }
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-dns-prefetch-control"] == "off"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_its_policy_is_in_it_too(api: Api, serving: Served) -> None:
    """For a frame that is given the document and not its address; all of it that can be said there."""
    answer = api.send("GET", f"/messages/{serving.ids['html']}/html", params={"images": "remote"})
    [inside] = re.findall('<meta http-equiv="Content-Security-Policy" content="([^"]*)">', answer.text)
    outside = directives(answer.headers["content-security-policy"])
    assert directives(inside) | {name: outside[name] for name in ("frame-ancestors", "sandbox")} == outside


def test_it_shows_what_was_sent(api: Api, serving: Served) -> None:
    """Sanitised, with its own picture in it and without that of somebody else."""
    shown = api.send("GET", f"/messages/{serving.ids['html']}/html").text
    assert '<p style="display:none">preview</p>' in shown
    assert 'target="_blank" rel="noopener noreferrer nofollow">Shop</a>' in shown
    assert "data:image/gif;base64," in shown
    assert "tracker.example" not in shown
    assert "script" not in shown


def test_pictures_of_others_are_loaded_when_they_are_asked_for(api: Api, serving: Served) -> None:
    """Over https."""
    answer = api.send("GET", f"/messages/{serving.ids['html']}/html", params={"images": "remote"})
    assert directives(answer.headers["content-security-policy"])["img-src"] == ["data:", "https:"]
    assert f'<img src="{REMOTE}">' in answer.text


def test_a_mail_without_html_is_shown_as_text(api: Api, serving: Served) -> None:
    """As it was written."""
    assert "<body><pre>1 &lt; 2</pre></body>" in api.send("GET", f"/messages/{serving.ids['text']}/html").text


def test_other_wishes_are_refused(api: Api, serving: Served) -> None:
    """422 says what can be wished for."""
    problem = api.refused(422, "GET", f"/messages/{serving.ids['html']}/html", params={"images": "all"})
    assert [error["accepted"] for error in problem["errors"]] == [["remote"]]


def test_a_head_is_answered_with_the_same_policy(serving: Served) -> None:
    """And without the document."""
    url = f"{serving.boot.url}/api/messages/{serving.ids['html']}/html"
    head = httpx2.head(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (head.status_code, head.content) == (200, b"")
    assert "sandbox" in head.headers["content-security-policy"]


def test_somebody_elses_mail_is_not_there(serving: Served) -> None:
    """With the words for one that never was, and under the policy of any answer."""
    with Api(serving.boot, serving.stranger) as stranger:
        problem = stranger.refused(404, "GET", f"/messages/{serving.ids['html']}/html")
    assert problem["detail"] == f"there is no message {serving.ids['html']}"
