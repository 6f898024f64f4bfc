"""`GET /mail`: a page on which a person reads their mail. It holds nobody's: its script asks the API for it."""

from __future__ import annotations

import secrets
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from service.api.html import SANDBOX, STYLES
from service.api.operation import NO_STORE

if TYPE_CHECKING:
    from starlette.requests import Request

_PAGE = files("service.api").joinpath("reader.html").read_text("utf-8").replace("{sandbox}", SANDBOX)
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}' {styles}; connect-src 'self'; "
    "frame-src 'self'; img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types frame"
)
"""Styles and pictures are for the frame, which gets this policy too where the page hands it the document."""


async def get_reader(_: Request) -> HTMLResponse:
    """The page, with a nonce of its own for its script and its style."""
    nonce = secrets.token_urlsafe(16)
    policy = _POLICY.format(nonce=nonce, styles=STYLES)
    return HTMLResponse(_PAGE.replace("{nonce}", nonce), headers={"Content-Security-Policy": policy, **NO_STORE})
