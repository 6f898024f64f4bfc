"""A small server of ours that speaks OpenAI's chat completions format, well or badly, as a test says."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.service.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Callable

PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+_\w+\]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    path: str
    key: str
    body: dict[str, Any]
    at: float
    """When it came, in seconds of this machine."""

    @property
    def system(self) -> str:
        """What the model is told to do."""
        return str(self.body["messages"][0]["content"])

    @property
    def mail(self) -> str:
        """What it is to do that with."""
        return str(self.body["messages"][1]["content"])


@dataclass(frozen=True, slots=True)
class Said:
    """A response."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    when: threading.Event | None = None
    """What is waited for before the body."""


class Endpoint(Listening):
    """Answers each request by the next of `plan`, and by the last one from then on."""

    def __init__(self, *plan: Callable[[Asked], Said]) -> None:
        self.plan = list(plan)
        self.asked: list[Asked] = []
        self._came = threading.Semaphore(0)
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.asked.append(Asked(self.path, self.headers.get("authorization", ""), body, time.monotonic()))
                endpoint._came.release()
                said = endpoint._next()(endpoint.asked[-1])
                if said.when is not None:
                    said.when.wait(60)
                try:
                    self.send_response(said.status)
                    for name, value in (("Content-Length", str(len(said.body))), *said.headers):
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(said.body)
                except OSError:
                    self.close_connection = True  # the client has left

            def log_message(self, *_: object) -> None:
                """Nothing of it is of interest."""

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.url = f"http://127.0.0.1:{self.port}/v1"

    def wait(self) -> None:
        """Returns when it has been asked, once more with each time."""
        assert self._came.acquire(timeout=90), "it is not asked"

    def _next(self) -> Callable[[Asked], Said]:
        return self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]


def completion(content: object, tokens: object = 120) -> Said:
    """A well-formed response with this content."""
    message = {"role": "assistant", "content": content}
    document = {"choices": [{"index": 0, "message": message}], "usage": {"total_tokens": tokens}}
    return Said(json.dumps(document).encode())


def says(summary: str, draft: str = "", **more: object) -> Callable[[Asked], Said]:
    """A model that always answers the same."""
    return lambda _: completion(json.dumps({"summary": summary, "draft": draft, **more}))


def status(code: int, **headers: str) -> Callable[[Asked], Said]:
    """An endpoint that is not able to, or does not want to."""
    return lambda _: Said(b'{"error": {}}', code, tuple((name.replace("_", "-"), to) for name, to in headers.items()))
