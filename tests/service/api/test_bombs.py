"""Mail that is made to cost more than it is long, through the API: the answers come, and memory stays bounded."""

from __future__ import annotations

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.probes.proc import service_of
from tests.service.api.served import Served, served
from tests.service.core.mime.hostile import HOSTILE
from tests.service.core.mime.test_shown import GIF, with_picture
from tests.service.process import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPACKED = 200_000_000
"""Bytes that the archive would be, were it unpacked."""
ATTACKS = (
    "100,000 nested multiparts", "parts", "parts of HTML", "base64 in pieces", "one HTML attribute",
    "HTML of as many entities as are read", "formatting that each block opens again",
    "tables nested as deeply as is read",
)  # fmt: skip
AT_ONCE = 4
PATIENCE = 60.0
GROWTH = 400_000_000
"""Bytes by which the service may grow while it answers so many requests at once, for messages of 5 MB."""


def archive() -> bytes:
    """A ZIP file of 200 kB that is a thousand times as long when it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("zeros", bytes(UNPACKED))
    return packed.getvalue()


def attached(content: bytes) -> bytes:
    """A mail with this file."""
    made = EmailMessage()
    made["From"], made["Subject"] = "eve@example.com", "An archive"
    made.add_attachment(content, "application", "zip", filename="bomb.zip")
    return made.as_bytes()


@pytest.fixture(scope="module")
def packed() -> bytes:
    """The archive."""
    return archive()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, packed: bytes) -> Iterator[Served]:
    """A service that has all of them."""
    mails = {name: HOSTILE[name]() for name in ATTACKS}
    mails["a picture, again and again"] = with_picture("<img src='cid:logo@x'>" * 14_000, GIF + bytes(3_000_000))
    mails["an archive"] = attached(packed)
    with served(tmp_path_factory.mktemp("data"), mails) as service:
        yield service


def peak(pid: int) -> int:
    """The most resident memory that the process has had since it was last asked, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) * 1024


def test_every_answer_comes_and_memory_is_bounded(serving: Served) -> None:
    """Whole messages, their HTML and their attachments, several at once; and the service answers on."""
    below = ("", "/html", "/html?images=remote", "/attachments/1", "/attachments/900", "/raw")
    paths = [f"/api/messages/{message_id}{more}" for message_id in serving.ids.values() for more in below]
    process = service_of(serving.boot)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=serving.boot.url, headers=headers, timeout=PATIENCE) as client:
        client.get("/api/messages").raise_for_status()
        peak(process)
        before = peak(process)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(client.get, paths))
        grown = peak(process) - before
        assert client.get("/api/messages").status_code == 200
    statuses = {answer.status_code for answer in answers if "/attachments/" not in str(answer.url)}
    assert statuses == {200}
    assert {answer.status_code for answer in answers} == {200, 404}
    assert max(len(answer.content) for answer in answers) < 20_000_000
    assert grown < GROWTH


def test_an_archive_is_never_unpacked(serving: Served, packed: bytes) -> None:
    """It is a file like any other."""
    assert len(packed) < UNPACKED / 500
    url = f"{serving.boot.url}/api/messages/{serving.ids['an archive']}/attachments/1"
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.content == packed
    assert "content-encoding" not in answer.headers
