"""Attachments over HTTP: files for who they were sent to, which no browser shows as a page of this service."""

from __future__ import annotations

import tracemalloc
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

import httpx2
import pytest

from service.api.attachments import BYTES, INERT
from service.core.mime import attached, parse
from service.core.mime.parameters import read_parameters
from tests.service.api.client import Api
from tests.service.api.served import Served, served
from tests.service.process import TOKEN, free_port
from tests.service.provider import signs_in

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = b"<script>alert(document.domain)</script>"
ACTIVE = (
    "text/html", "text/xml", "image/svg+xml", "application/xhtml+xml", "application/xml", "application/javascript",
    "text/javascript", "application/x-shockwave-flash", "application/wasm", "text/css", "text/plain", "multipart/x",
    "message/rfc822", "application/vnd.mozilla.xul+xml", "text/x-component", "no type", "image/png, text/html",
)  # fmt: skip
NAMES = ("../../etc/passwd", "a\u202egpj.exe", "con.txt", 'x"; filename="y.html', "grüße.txt", "", "n" * 240 + ".pdf")
SAFE = ("passwd", "agpj.exe", "_con.txt", "x_; filename=_y.html", "grüße.txt", "attachment-6.zip", "n" * 196 + ".pdf")


def letter(*parts: tuple[str, str, bytes]) -> bytes:
    """A mail with attachments: the type and the name that each declares, and its bytes."""
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "eve@example.com", "ann@example.org", "Files"
    made.set_content("See the files.")
    for _, name, content in parts:
        made.add_attachment(content, "application", "x-placeholder", filename=name or "nameless")
    raw = made.as_bytes()
    for type_, name, _ in parts:
        raw = raw.replace(b"application/x-placeholder", type_.encode(), 1)
        if not name:
            raw = raw.replace(b' filename="nameless"', b"")
    return raw


BREAKS = b"""From: eve@example.com
Content-Type: application/zip
Content-Disposition: attachment; filename*=utf-8''a%0D%0ASet-Cookie:%20evil=yes%0D%0A%0D%0A%3Cscript%3E.zip

PK"""
MAILS = {
    "active": letter(*((type_, "page.html", SCRIPT) for type_ in ACTIVE)),
    "inert": letter(*((type_, "file", b"\x00\xff" * 1000) for type_ in INERT)),
    "breaks": BREAKS,
    "names": letter(*(("application/zip", name, b"PK") for name in NAMES)),
}


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with attachments of every kind."""
    with served(tmp_path_factory.mktemp("data"), MAILS, **signs_in("https://id.example.org", free_port())) as serving:
        yield serving


@pytest.fixture(scope="module")
def api(mail: Served) -> Iterator[Api]:
    """A client of it."""
    with Api(mail.boot) as client:
        yield client


def test_what_a_browser_would_run_is_bytes(api: Api, mail: Served) -> None:
    """Whatever it declares to be; and should a browser show it all the same, it may do nothing."""
    for number, type_ in enumerate(ACTIVE, 1):
        answer = api.send("GET", f"/messages/{mail.ids['active']}/attachments/{number}")
        assert answer.content == SCRIPT, type_
        assert answer.headers["content-type"] == BYTES, type_
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_what_is_inert_keeps_its_type(api: Api, mail: Served) -> None:
    """Bytes come as they were sent, and the type as it was declared."""
    for number, type_ in enumerate(INERT, 1):
        answer = api.send("GET", f"/messages/{mail.ids['inert']}/attachments/{number}")
        assert (answer.headers["content-type"], answer.content) == (type_, b"\x00\xff" * 1000)


def test_names_are_safe(api: Api, mail: Served) -> None:
    """They lead to one file in one folder, and say what they are."""
    found = []
    for number in range(1, len(NAMES) + 1):
        header = api.send("GET", f"/messages/{mail.ids['names']}/attachments/{number}").headers["content-disposition"]
        found.append(read_parameters(header)[1]["filename"])
    assert found == list(SAFE)


def test_no_name_ends_a_line_of_the_head(api: Api, mail: Served) -> None:
    """Nor adds a header or a body of its own."""
    answer = api.send("GET", f"/messages/{mail.ids['breaks']}/attachments/1")
    assert answer.headers["content-disposition"] == 'attachment; filename="a Set-Cookie_ evil=yes _script_.zip"'
    assert "set-cookie" not in answer.headers
    assert answer.content == b"PK"


def test_a_head_is_answered_as_a_get_without_the_bytes(api: Api, mail: Served) -> None:
    """The same headers, the length among them."""
    path = f"/messages/{mail.ids['inert']}/attachments/1"
    get = api.send("GET", path)
    head = httpx2.head(f"{mail.boot.url}/api{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "2000")
    for name in ("content-type", "content-disposition", "content-security-policy", "content-length"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("number", [len(ACTIVE) + 1, 1000])
def test_one_that_is_not_there_is_not_found(api: Api, mail: Served, number: int) -> None:
    """404 names it."""
    problem = api.refused(404, "GET", f"/messages/{mail.ids['active']}/attachments/{number}")
    assert problem["detail"] == f"there is no attachment {number} of a message {mail.ids['active']}"


def test_a_number_that_cannot_be_one_is_refused(api: Api, mail: Served) -> None:
    """They begin with 1, and there are as many as parts are read."""
    for number in ("0", "1001", str(2**70)):
        problem = api.refused(422, "GET", f"/messages/{mail.ids['active']}/attachments/{number}")
        assert [error["where"] for error in problem["errors"]] == ["number"]


def test_somebody_elses_attachment_is_not_there(api: Api, mail: Served) -> None:
    """With the words for one that never was."""
    with Api(mail.boot, mail.stranger) as stranger:
        problem = stranger.refused(404, "GET", f"/messages/{mail.ids['inert']}/attachments/1")
    assert problem["detail"] == f"there is no attachment 1 of a message {mail.ids['inert']}"


def test_an_attachment_takes_memory_in_proportion_to_its_message() -> None:
    """However many there are beside it."""
    raw = letter(*(("application/pdf", "a.pdf", b"\xff" * 50_000) for _ in range(100)))
    tracemalloc.start()
    try:
        found = attached(raw, 100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is not None
    assert found[0] == parse(raw).attachments[99]
    assert found[1] == b"\xff" * 50_000
    assert peak < 3 * len(raw)
