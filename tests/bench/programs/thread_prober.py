"""The usual way to answer probes during a boot, a thread: `thread_prober.py MODULE PORT` imports, then serves on."""

import importlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Prober(BaseHTTPRequestHandler):
    """200 on /healthz; on /health 200 once the import is over."""

    ready = False

    def do_GET(self) -> None:
        """Answer a probe."""
        self.send_response(200 if self.ready or self.path == "/healthz" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Prober)
thread = threading.Thread(target=server.serve_forever)
thread.start()
importlib.import_module(sys.argv[1])
Prober.ready = True
thread.join()
