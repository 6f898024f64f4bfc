"""A server of pages as they are given: what a careless service would be."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.service.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Sequence


class PlainServer(Listening):
    """A context manager; `/N` is the page of that number, with these headers."""

    def __init__(self, pages: Sequence[str], **headers: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = self.path.strip("/")
                known = number.isdigit() and int(number) < len(pages)
                self.send_response(200 if known else 404)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(pages[int(number)].encode("utf-8", "replace") if known else b"")

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        self.url = f"http://127.0.0.1:{self.port}"
