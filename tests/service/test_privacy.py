"""Nothing of the mail, and no token, is where operators look: logs, metrics, health and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from tests.probes.proc import eventually
from tests.service.process import TOKEN, start
from tests.service.store.followed import mail

if TYPE_CHECKING:
    from pathlib import Path

CANARIES = ("canarysubject", "canarybody", "canaryperson", TOKEN, "canarytoken")


def test_nothing_of_the_mail_is_where_operators_look(tmp_path: Path) -> None:
    """After a mail has come, is understood, was read, and requests of all kinds were refused."""
    folder = tmp_path / "maildir" / "ann"
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True)
    letter = mail("canarysubject?", "Could you send the canarybody by Friday?\n", "Ann <canaryperson@example.com>")
    (folder / "new" / "1.1.here").write_bytes(letter)
    with start(DATA_DIR=str(tmp_path)) as boot:
        url = boot.wait_ready().url
        http = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"})
        account: dict[str, Any] = {"kind": "maildir", "name": "Mail", "settings": {"path": str(folder)}}
        made = http.post("/api/accounts", json=account)
        assert made.status_code == 201, made.text

        def understood() -> bool:
            found = http.get("/api/messages").json()["messages"]
            return bool(found and found[0]["category"])

        eventually(understood)
        [line] = http.get("/api/messages", params={"q": "canarybody"}).json()["messages"]
        assert "canarysubject" in http.get(f"/api/messages/{line['id']}").text
        refused = [
            http.get("/api/messages/999"),
            http.get(f"/api/messages/{line['id']}", headers={"Authorization": "Bearer canarytoken"}),
            http.put(f"/api/messages/{line['id']}/correction", json={"category": 1}),
            http.get("/nowhere"),
        ]
        assert all(400 <= answer.status_code < 500 for answer in refused)
        seen = [http.get(path).text for path in ("/metrics", "/health?verbose", "/", "/openapi.json")]
        seen += [answer.text for answer in refused]
        http.close()
        assert boot.stop() == 0
        seen.append(boot.output)
    assert [canary for canary in CANARIES for text in seen if canary in text] == []
