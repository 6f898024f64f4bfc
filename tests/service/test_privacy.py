"""Nothing of the mail, and no token, is where operators look: logs, metrics, health and refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2

from tests.probes.proc import eventually
from tests.service.engine import Polling
from tests.service.process import TOKEN, free_port, start

if TYPE_CHECKING:
    from pathlib import Path

LETTER = b"""From: Ann <canaryperson@example.com>
To: ann@example.org
Subject: canarysubject?
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

Could you send the canarybody by Friday?
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="canaryattachment.pdf"

%PDF
--b--
"""
CANARIES = (
    "canarysubject", "canarybody", "canaryperson", "canaryattachment", "canaryname", "canaryaddress", "canaryuser",
    "canarypassword", "canaryfolder", TOKEN, "canarytoken", "canaryquery",
)  # fmt: skip
OPERATORS = ("/metrics", "/health?verbose", "/", "/openapi.json")
"""Where operators look, beside the log."""


def failing() -> dict[str, Any]:
    """A mailbox whose server is away."""
    where = {"host": "127.0.0.1", "port": free_port(), "security": "none", "folders": ["canaryfolder"]}
    settings = {**where, "username": "canaryuser@example.org"}
    names = {"name": "canaryname", "address": "canaryaddress@example.org", "secret": "canarypassword"}
    return {"kind": "imap", **names, "settings": settings}


def refused_live(url: str) -> str:
    """What somebody with a wrong token is told over Socket.IO."""
    with Polling(url) as client:
        client.open().raise_for_status()
        client.post(f"40{json.dumps({'token': 'canarytoken'})}").raise_for_status()
        return "".join(client.poll())


def test_nothing_of_the_mail_is_where_operators_look(tmp_path: Path) -> None:
    """After mail has come, is understood, was read, a mailbox fails, and requests of all kinds were refused."""
    folder = tmp_path / "maildir" / "ann"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    (folder / "new" / "1.1.here").write_bytes(LETTER)
    with start(DATA_DIR=str(tmp_path), IMAP_ALLOW_PRIVATE="true") as boot:
        url = boot.wait_ready().url
        http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"})
        maildir = {"kind": "maildir", "name": "canaryname", "settings": {"path": str(folder)}}
        for account in (maildir, failing()):
            made = http.post("/api/accounts", json=account)
            assert made.status_code == 201, made.text

        def understood() -> bool:
            found = http.get("/api/messages").json()["messages"]
            return bool(found and found[0]["category"])

        eventually(understood)
        [line] = http.get("/api/messages", params={"q": "canarybody"}).json()["messages"]
        message = http.get(f"/api/messages/{line['id']}").text
        assert "canarysubject" in message
        assert "canaryattachment" in message
        eventually(lambda: http.get("/api/accounts").json()["accounts"][1]["error"])
        eventually(lambda: 'airlock_accounts{state="failing"} 1' in http.get("/metrics").text)
        refused = [
            http.get("/api/messages/999"),
            http.get(f"/api/messages/{line['id']}", headers={"Authorization": "Bearer canarytoken"}),
            http.put(f"/api/messages/{line['id']}/correction", json={"category": 1}),
            http.get(f"/api/messages/{line['id']}/attachments/9"),
            http.get("/nowhere", params={"q": "canaryquery"}),
        ]
        assert all(400 <= answer.status_code < 500 for answer in refused)
        seen = [http.get(path).text for path in OPERATORS]
        seen += [answer.text for answer in refused]
        seen.append(refused_live(url))
        assert "the access token opens nothing here" in seen[-1]
        http.close()
        assert boot.stop() == 0
        seen.append(boot.output)
    assert [canary for canary in CANARIES for text in seen if canary in text] == []
