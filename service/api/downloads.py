"""What tells a browser to keep an answer as a file, and never to show it as a page of this service."""

from __future__ import annotations

import re
from urllib.parse import quote

from service.api.operation import NO_STORE

_NOT_IN_QUOTES = re.compile(r'[^ -~]|["%\\]')  # a percent sign is decoded by some browsers (RFC 6266, appendix D)


def as_file(name: str) -> dict[str, str]:
    """The headers of a download that is kept under `name`, a safe one."""
    return {
        "Content-Disposition": disposition(name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        **NO_STORE,
    }


def disposition(name: str) -> str:
    """Content-Disposition (RFC 6266): the name in ASCII, and where that is another one the very name (RFC 8187)."""
    plain = _NOT_IN_QUOTES.sub("_", name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='')}"
