"""`/auth/tokens`: a user's tokens for scripts. A token of that kind has no say in them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service import inputs
from service.access.api_tokens import MOST, TooMany
from service.api.described import Described
from service.api.endpoint import body
from service.api.operation import JSON, NO_STORE
from service.commands.command import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.middleware import Middleware
    from starlette.requests import Request

    from service.access.api_tokens import ApiTokens
    from service.store.tables import ApiToken

Scope = Literal["read", "write"]


class NewToken(inputs.Input):
    """What a token is for, and whether it may change anything."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scope: Scope


class TokenLine(inputs.View):
    """A token, without itself."""

    id: int
    name: str
    scope: Scope
    created_at: datetime


class MadeToken(TokenLine):
    """A token, shown this once."""

    token: str


class TokenLines(inputs.View):
    """A user's tokens, the oldest first."""

    tokens: list[TokenLine]


class Nothing(inputs.Input):
    """Nothing: all are listed."""


class One(inputs.Input):
    """Which token."""

    id: inputs.Id


DESCRIBED = (
    Described("auth.tokens", "GET", "/auth/tokens", "List tokens", Nothing, TokenLines, refusals=(429, 503)),
    Described(
        "auth.tokens.make", "POST", "/auth/tokens", "Make a token", NewToken, MadeToken, 201,
        (400, 409, 413, 415, 422, 429, 503), JSON,
    ),
    Described(
        "auth.tokens.revoke", "DELETE", "/auth/tokens/{id}", "Revoke a token", One, (), 204, (404, 429, 503)
    ),
)  # fmt: skip


class Tokens:
    """The resource; behind the guard."""

    def __init__(self, tokens: ApiTokens) -> None:
        self._tokens = tokens

    def routes(self, guard: Sequence[Middleware]) -> Sequence[Route]:
        """Below /auth, behind `guard`."""
        return [
            Route("/auth/tokens", self.collection, methods=["GET", "POST"], middleware=guard),
            Route("/auth/tokens/{id:int}", self.revoke, methods=["DELETE"], middleware=guard),
        ]

    async def collection(self, request: Request) -> Response:
        """Those that there are, or a new one."""
        return await (self.make(request) if request.method == "POST" else self.list(request))

    async def list(self, request: Request) -> Response:
        """The user's tokens."""
        found = await run_in_threadpool(self._tokens.of, _user(request))
        return _json(TokenLines(tokens=[_line(token) for token in found]).model_dump(mode="json"))

    async def make(self, request: Request) -> Response:
        """A new one."""
        user_id = _user(request)
        try:
            wanted = inputs.from_json(NewToken, await body(request, JSON))
        except inputs.Invalid as invalid:
            raise Refused(422, f"no token is made of this: {invalid}", invalid.errors) from None
        writes = wanted.scope == "write"
        try:
            made, token = await run_in_threadpool(self._tokens.make, user_id, wanted.name, writes=writes)
        except TooMany:
            raise Refused(409, f"there are {MOST} tokens already: revoke one first") from None
        return _json(MadeToken(**_line(made).model_dump(), token=token).model_dump(mode="json"), 201)

    async def revoke(self, request: Request) -> Response:
        """Have one open nothing any more."""
        token_id = request.path_params["id"]
        if token_id >= 2**63 or not await run_in_threadpool(self._tokens.revoke, _user(request), token_id):
            raise Refused(404, f"there is no token {token_id}")
        return Response(status_code=204)


def _user(request: Request) -> int:
    caller = request.scope["caller"]
    if caller.proof == "API token":
        raise HTTPException(403, "a token for scripts has no say in tokens: sign in, or send the access token")
    user_id: int = caller.user_id
    return user_id


def _line(token: ApiToken) -> TokenLine:
    scope: Scope = "write" if token.writes else "read"
    return TokenLine(id=token.id, name=token.name, scope=scope, created_at=token.created_at)


def _json(content: Any, status: int = 200) -> Response:
    return JSONResponse(content, status, NO_STORE)
