"""Paths, over raw sockets: none leads to a file, and no text of a request gets into the head of an answer."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from service.api import OPERATIONS, PREFIX
from tests.service.process import TOKEN, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.boot import Boot

CANARY = "what-is-in-the-file"
OTHERS = (
    "/", "/auth/callback/oidc", "/auth/check", "/auth/tokens", "/debug-config", "/health", "/healthz", "/mail",
    "/metrics", "/openapi.json", "/socket.io/",
)  # fmt: skip
ROUTES = sorted({PREFIX + operation.path for operation in OPERATIONS}.union(OTHERS))
UPWARDS = (
    b"../", b"..%2f", b"%2e%2e/", b"%2e%2e%2f", b"..%252f", b"%252e%252e%252f", b"..\\", b"..%5c", b"..%255c",
    b"....//", b"..;/", b"..%00/", b"..%c0%af", b"%c0%ae%c0%ae/", b"%e0%80%ae%e0%80%ae%e0%80%af", b"..%u2215",
    b"..%ef%bc%8f", b"..\xc0\xaf", b"./../", b"%2e/%2e%2e/",
)  # fmt: skip
"""Ways to write ../ of which somebody may read one as such."""
ABSOLUTE = (
    b"/{}",
    b"//{}",
    b"/%2f{}",
    b"/\\{}",
    b"/file:///{}",
    b"/{}%00",
    b"/{}%00.json",
    b"/{}\0",
    b"/{};.json",
    b"/~/{}",
)
"""Ways to write the name of a file from the root on."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file beside those of the service."""
    path = tmp_path_factory.mktemp("data") / "canary.txt"
    path.write_text(CANARY)
    return path


@pytest.fixture(scope="module")
def service(file: Path) -> Iterator[Boot]:
    """A service that has all its routes."""
    with start(DATA_DIR=str(file.parent), WORKER_MODE="false", DEBUG_CONFIG="true") as process:
        yield process.wait_ready()


def answer(service: Boot, target: bytes, *more: bytes) -> tuple[int, list[bytes], bytes]:
    """The status, the lines of the head and the body, for a GET of exactly these bytes."""
    lines = (b"GET " + target + b" HTTP/1.1", b"Host: x", f"Authorization: Bearer {TOKEN}".encode(), *more)
    with socket.create_connection(("127.0.0.1", service.port), 30) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    return int(status.split()[1]), fields, body


def targets(route: str, file: Path) -> Iterator[bytes]:
    """Paths below a route, and in place of what it takes, that name the file."""
    name = str(file).strip("/").encode()
    below = re.sub(r"{\w+}", "1", route).rstrip("/").encode()
    for up in UPWARDS:
        yield below + b"/" + up * 12 + name
        yield below + b"/" + up + file.name.encode()
    for form in ABSOLUTE:
        yield below + form.replace(b"{}", name)
    for parameter in re.findall(r"{\w+}", route):
        before, _, after = route.partition(parameter)
        start = re.sub(r"{\w+}", "1", before).encode()
        yield from (start + up * 12 + name + re.sub(r"{\w+}", "1", after).encode() for up in UPWARDS[:8])


@pytest.mark.parametrize("route", ROUTES)
def test_no_path_leads_to_a_file(service: Boot, file: Path, route: str) -> None:
    """A path that is none of the API's is a problem; one that HTTP does not allow is not even read."""
    for target in targets(route, file):
        status, fields, body = answer(service, target)
        assert CANARY.encode() not in body, target
        assert status in (400, 404, 405), (target, status)
        type_ = next((field for field in fields if field.lower().startswith(b"content-type")), b"")
        assert b"problem+json" in type_ or (status == 400 and not body), (target, status, body)
        assert not any(field.lower().startswith(b"location") for field in fields), target


@pytest.mark.parametrize(
    "target", [b"*", b"etc/hostname", b"file:///etc/hostname", b"http://other.example/etc/hostname"]
)
def test_a_target_that_is_no_path_is_not_there(service: Boot, target: bytes) -> None:
    """Whatever else HTTP allows in its place (RFC 9112, 3.2)."""
    status, _, body = answer(service, target)
    assert status in (400, 404)
    assert b"root" not in body


BREAKS = (
    b"%0d%0a", b"%0a", b"%0d", b"%e5%98%8a%e5%98%8d", b"%c4%8d%c4%8a", b"%e2%80%a8", b"%u000a", b"%250d%250a",
    b"\\r\\n",
)  # fmt: skip
FORMS = (
    b"/%s", b"/api/messages?q=%s", b"/api/messages?%s=1", b"/api/messages/1%s", b"/api/messages/1/html?images=%s",
    b"/auth/check?%s", b"/mail?next=%s", b"/openapi.json?%s", b"/api/rules?%s",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_text_of_a_request_ends_a_line_of_the_head(service: Boot, form: bytes) -> None:
    """What comes back in a problem is in its body, as JSON."""
    for line_break in BREAKS:
        _, fields, _ = answer(service, form % (b"a" + line_break + b"X-Evil:%20yes"))
        assert not any(field.lower().startswith(b"x-evil") for field in fields), line_break
        assert not any(b"yes" in field for field in fields), (line_break, fields)


@pytest.mark.parametrize(
    "field", [b"X-Request-ID: a\rX-Evil: yes", b"Idempotency-Key: a\x00X-Evil: yes", b"Host: a\nX-Evil: yes"]
)
def test_a_field_that_is_broken_is_refused(service: Boot, field: bytes) -> None:
    """Before anybody reads it."""
    status, fields, _ = answer(service, b"/api/messages", field)
    assert not any(line.lower().startswith(b"x-evil") for line in fields)
    assert status == 400
