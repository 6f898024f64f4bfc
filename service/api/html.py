"""The HTML of a message as a document of its own, made for a sandboxed frame: nothing in it runs, loads or sends."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from service.api.operation import NO_STORE, download
from service.commands.command import Refused
from service.core.mime.shown import HIDING, show
from service.inputs import Id, Input
from service.store.scope import read_as
from service.store.tables import Raw

if TYPE_CHECKING:
    from service.store.database import Database

_STYLE = (
    ":root{color-scheme:light}body{margin:1rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "pre{white-space:pre-wrap}img{max-width:100%;height:auto}"
    "blockquote{margin:0 0 0 .5rem;padding-left:1rem;border-left:2px solid #bbb}"
)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


STYLES = f"{_hash(_STYLE)} 'unsafe-hashes' {_hash(HIDING)}"
"""The styles of the document, as sources of a Content-Security-Policy: its own sheet, and what hides an element."""
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
"""What the frame may do: its links open in a window of their own."""


class Shown(Input):
    """Which message, and how much of it."""

    id: Id
    images: Annotated[
        Literal["remote"] | None,
        Field(description="Have pictures of other sites loaded over https, by which their senders see who reads."),
    ] = None


def get_html(database: Database, user_id: int, given: Shown) -> Response:
    """The document. Its policy is in it too, for a frame that gets it as `srcdoc`."""
    with read_as(database, user_id) as session:
        raw = session.get(Raw, given.id)
        data, complete = (raw.data, raw.complete) if raw else (None, False)
    if data is None:
        raise Refused(404, f"there is no message {given.id}")
    remote = given.images == "remote"
    policy = _policy(remote=remote)
    body = show(data, remote=remote) if complete else ""
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'self'; sandbox {SANDBOX}",
        "X-DNS-Prefetch-Control": "off",  # of links: who runs a name server would see that the mail is read
        "X-Frame-Options": "SAMEORIGIN",
        **NO_STORE,
    }
    return Response(_document(body, policy), media_type="text/html", headers=headers)


OPERATIONS = (
    download(
        "messages.html", "/messages/{id}/html", "Show a message's HTML in a frame", ("text/html",), get_html, Shown,
        (404,),
    ),
)  # fmt: skip


def _policy(*, remote: bool) -> str:
    images = "data: https:" if remote else "data:"
    return f"default-src 'none'; style-src {STYLES}; img-src {images}; base-uri 'none'; form-action 'none'"


def _document(body: str, policy: str) -> str:
    return (
        '<!doctype html><html><head><meta charset="utf-8"><title>Message</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta http-equiv="x-dns-prefetch-control" content="off"><meta name="referrer" content="no-referrer">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>'
    )
