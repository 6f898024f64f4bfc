"""`python -m probes health [URL]`: the image's HEALTHCHECK. Standard library only."""

from __future__ import annotations

import http.client
import os
import sys
import urllib.error
import urllib.request

from probes.environment import Environment, UsageError

_TIMEOUT = 4.0  # seconds; below the 5 s that platforms commonly give a health command


def health(url: str | None) -> int:
    """0 when the instance at `url` is ready, 1 when it is not, 2 for an unusable URL; prints what it said."""
    try:
        target = url or _own(Environment(os.environ))
        if not target.startswith(("http://", "https://")):
            raise UsageError(f"URL {target!r} is not usable: accepted is http://HOST:PORT/health")
        request = urllib.request.Request(target)  # noqa: S310 - the scheme was looked at
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=_TIMEOUT) as response:
            print(response.read(65536).decode(errors="replace"))
            return 0
    except urllib.error.HTTPError as error:
        print(f"not ready: {error.code} {error.read(65536).decode(errors='replace')}", file=sys.stderr)
        return 1
    except (OSError, http.client.HTTPException) as error:
        print(f"not ready: nothing answers at {target}: {error}", file=sys.stderr)
        return 1
    except (UsageError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _own(environment: Environment) -> str:
    port = environment.management_port or environment.port
    host = environment.host
    if host in ("", "::", "0.0.0.0"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/health"
