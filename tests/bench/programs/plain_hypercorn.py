"""The fastest fair way to serve with Hypercorn alone, in one process: `plain_hypercorn.py MODULE:ATTRIBUTE PORT`.

The server's settings are the gate's own (probes/serving/server.py).
"""

import asyncio
import importlib
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config


def main(reference: str, port: str) -> None:
    """Serve until killed."""
    module, _, attribute = reference.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = 4096
    config.include_server_header = False
    config.keep_alive_timeout = 75.0
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    main(*sys.argv[1:])
