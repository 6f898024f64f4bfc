"""A server of ours that speaks as Google does: OAuth with PKCE and rotation, and the part of Gmail's API in use."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc.jwk import OKPKey

from tests.service.google.mailbox import GmailMailbox
from tests.service.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Callable

CLIENT_ID = "airlock.apps.googleusercontent.example"
CLIENT_SECRET = "secret-of-the-google-client"
_KEY = OKPKey.generate_key("Ed25519").as_dict(private=False)
READ = "https://www.googleapis.com/auth/gmail.readonly"
SEND = "https://www.googleapis.com/auth/gmail.send"


def variables(url: str) -> dict[str, str]:
    """Those of a service that takes what is at `url` for Google, whose client it is."""
    return {
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_ISSUER": url,
        "GMAIL_API_URL": url,
    }


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    token: str


@dataclass
class Fault:
    """What is answered to the next `times` requests of a path that begins like this."""

    path: str
    answer: Answer
    times: int


class GoogleServer(Listening):
    """One person's Google: `mailbox` is theirs. A context manager.

    `rotates`: each refresh gives a new refresh token, and the old one is worth nothing. `page` bounds every list.
    """

    def __init__(self, *, rotates: bool = False, page: int = 500) -> None:
        self.mailbox = GmailMailbox()
        self.rotates = rotates
        self.page = page
        self.scopes = READ
        """What is granted, whatever is asked; "" when the person says no."""
        self.lasts = 3600
        self.asked: list[Asked] = []
        self.refreshed = 0
        self.revoked: list[str] = []
        self.before: Callable[[Asked], None] = _undisturbed
        """Called with every request before it is answered."""
        self.after: Callable[[Asked], None] = _undisturbed
        """Called when it has been answered."""
        self.loses = ""
        """To requests of paths that begin like this nothing is answered, though they are done."""
        self._faults: list[Fault] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: dict[str, str] = {}  # refresh tokens, with their scopes
        self._access: dict[str, tuple[str, str]] = {}  # access tokens, with their refresh tokens and scopes
        self._lock = threading.RLock()
        super().__init__(_Server(self))
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The variables of a service that takes this for Google."""
        return variables(self.url)

    def grant(self, scopes: str = READ) -> str:
        """A refresh token."""
        with self._lock:
            token = f"1//{secrets.token_urlsafe(24)}"
            self._refresh[token] = scopes
            return token

    @property
    def grants(self) -> list[str]:
        """The refresh tokens that are worth something, the newest last."""
        with self._lock:
            return list(self._refresh)

    def revoke_all(self) -> None:
        """The person takes every access back."""
        with self._lock:
            self._refresh.clear()
            self._access.clear()

    def expire(self) -> None:
        """Every access token has had its time."""
        with self._lock:
            self._access.clear()

    def fails(self, path: str, status: int, reason: str = "", times: int = 1, **headers: str) -> None:
        """Answer the next requests of a path that begins like this with an error, as Google's are."""
        error: dict[str, Any] = {"code": status, "message": "told", "errors": [{"reason": reason}] if reason else []}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._lock:
            self._faults.append(Fault(path, Answer(status, {"error": error}, named), times))

    def mend(self) -> None:
        """Answer with no more errors."""
        with self._lock:
            self._faults.clear()

    def count(self, path: str) -> int:
        """How many requests there were of paths that begin like this."""
        return sum(asked.path.startswith(path) for asked in list(self.asked))

    def answer(self, asked: Asked) -> Answer:
        """What is answered to a request."""
        with self._lock:
            self.asked.append(asked)
            for fault in self._faults:
                if asked.path.startswith(fault.path) and fault.times:
                    fault.times -= 1
                    return fault.answer
            match asked.path:
                case "/.well-known/openid-configuration":
                    return Answer(200, self._configuration())
                case "/keys":
                    return Answer(200, {"keys": [_KEY]})
                case "/authorize":
                    return self._authorize(asked.query)
                case "/token":
                    return self._token(_form(asked.body))
                case "/revoke":
                    return self._revoke(_form(asked.body)["token"])
            if asked.token not in self._access:
                return _error(401, "authError")
            return self._gmail(asked)

    def _configuration(self) -> dict[str, Any]:
        paths = {"authorization": "authorize", "token": "token", "revocation": "revoke"}
        return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | {
            f"{name}_endpoint": f"{self.url}/{path}" for name, path in paths.items()
        }

    def _authorize(self, query: dict[str, str]) -> Answer:
        told = {"error": "access_denied"}
        if self.scopes:
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            told = {"code": code, "scope": self.scopes}
        back = urlencode({**told, "state": query["state"]})
        return Answer(302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    def _token(self, form: dict[str, str]) -> Answer:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Answer(401, {"error": "invalid_client"})
        if form["grant_type"] == "authorization_code":
            return self._redeem(form)
        given = form["refresh_token"]
        if given not in self._refresh:
            return Answer(400, {"error": "invalid_grant"})
        self.refreshed += 1
        told = self._opens(given)
        if self.rotates:
            told["refresh_token"] = self.grant(self._refresh.pop(given))
        return Answer(200, told)

    def _redeem(self, form: dict[str, str]) -> Answer:
        query = self._codes.pop(form["code"], None)
        if query is None or query["redirect_uri"] != form["redirect_uri"]:
            return Answer(400, {"error": "invalid_grant"})
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if query["code_challenge_method"] != "S256" or query["code_challenge"].encode() != challenge:
            return Answer(400, {"error": "invalid_grant"})
        refresh = self.grant(self.scopes)
        told = self._opens(refresh)
        return Answer(200, told | ({"refresh_token": refresh} if query.get("access_type") == "offline" else {}))

    def _opens(self, refresh: str) -> dict[str, Any]:
        access = f"ya29.{secrets.token_urlsafe(24)}"
        scope = self._refresh[refresh]
        self._access[access] = refresh, scope
        return {"access_token": access, "token_type": "Bearer", "expires_in": self.lasts, "scope": scope}

    def _revoke(self, token: str) -> Answer:
        if token not in self._refresh:
            return Answer(400, {"error": "invalid_token"})
        self.revoked.append(token)
        del self._refresh[token]
        self._access = {access: of for access, of in self._access.items() if of[0] != token}
        return Answer(200)

    def _gmail(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/gmail/v1/users/me/")
        needed = SEND if path == "messages/send" else READ
        if needed not in self._access[asked.token][1]:
            return _error(403, "insufficientPermissions")
        query = asked.query
        start, page = int(query.get("pageToken", 0)), min(self.page, int(query.get("maxResults", 100)))
        match path.split("/"):
            case ["profile"]:
                return Answer(200, self.mailbox.profile())
            case ["labels"]:
                return Answer(200, self.mailbox.list_labels())
            case ["messages"]:
                listed = self.mailbox.list_messages(query.get("labelIds", ""), query.get("q", ""), page, start)
                return Answer(200, listed)
            case ["messages", "send"]:
                return self._send(json.loads(asked.body))
            case ["messages", id_]:
                return self._message(id_, query["format"])
            case ["history"]:
                told = self.mailbox.list_history(int(query["startHistoryId"]), page, start)
                return _error(404, "notFound") if told is None else Answer(200, told)
        return _error(404, "notFound")

    def _send(self, content: dict[str, str]) -> Answer:
        id_ = self.mailbox.deliver(base64.urlsafe_b64decode(content["raw"]), "SENT", thread=content.get("threadId", ""))
        return Answer(200, {"id": id_, "threadId": self.mailbox.messages[id_].thread, "labelIds": ["SENT"]})

    def _message(self, id_: str, form: str) -> Answer:
        with self.mailbox.lock:
            stored = self.mailbox.messages.get(id_)
            if stored is None:
                return _error(404, "notFound")
            told: dict[str, Any] = {
                "id": id_,
                "threadId": stored.thread,
                "labelIds": sorted(stored.labels),
                "internalDate": str(stored.date),
                "sizeEstimate": len(stored.raw),
                "historyId": str(self.mailbox.now),
            }
            if form == "raw":
                told["raw"] = base64.urlsafe_b64encode(stored.raw).decode()
            else:
                fields = message_from_bytes(stored.raw).items()
                told["payload"] = {"headers": [{"name": name, "value": value} for name, value in fields]}
            return Answer(200, told)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, google: GoogleServer) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # header and body leave together

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                token = self.headers.get("authorization", "").removeprefix("Bearer ")
                asked = Asked(self.command, parts.path, query, body, token)
                google.before(asked)
                said = google.answer(asked)
                if google.loses and asked.path.startswith(google.loses):
                    self.close_connection = True
                    google.after(asked)
                    return
                data = json.dumps(said.body).encode()
                try:
                    self.send_response(said.status)
                    for name, value in {"Content-Length": str(len(data)), **said.headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True  # the client has left
                google.after(asked)

            def log_message(self, *_: object) -> None:
                """Nothing of it is of interest."""

        super().__init__(("127.0.0.1", 0), Handler)


def _form(body: bytes) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(body.decode()).items()}


def _error(status: int, reason: str) -> Answer:
    return Answer(status, {"error": {"code": status, "message": reason, "errors": [{"reason": reason}]}})


def _undisturbed(_: Asked) -> None:
    """Nothing happens."""
