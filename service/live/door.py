"""The door in front of Engine.IO: what may not become a session or a packet is refused before it can cost anything."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from engineio.packet import NOOP, Packet
from starlette.exceptions import HTTPException

from service.body import read_body
from service.forwarded import network_of

if TYPE_CHECKING:
    from engineio.async_socket import AsyncSocket
    from starlette.types import Message, Receive, Scope, Send

    from service.live.server import Server

log = logging.getLogger("service.live")

_METHODS = ("GET", "POST", "OPTIONS")
_PROTOCOL_ERROR = 1002  # RFC 6455, 7.4.1
_RETRY_AFTER = "5"  # seconds; room comes with the next client that leaves, or that has not said in time who it is
_STRANGERS = 10  # networks of which nobody has to say who they are, until all sessions are taken


class Door:
    """ASGI endpoint of Socket.IO that admits at most `max_sessions` Engine.IO sessions at a time.

    A tenth of them may be of one network and not yet have said who they are.
    Raises `HTTPException`: 400 for a transport that does not fit the request, 405, 429 when that tenth is taken, and
    503 when full or draining.
    """

    def __init__(self, server: Server, max_sessions: int) -> None:
        self._server = server
        self._max_sessions = max_sessions
        self._share = max(max_sessions // _STRANGERS, 1)
        self._draining = False
        self._polls: dict[int, AsyncSocket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or hand it on to Engine.IO."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        first = await _first_message(scope, receive)
        if first is None:
            return
        # From here nothing suspends before Engine.IO has made the session, so no decision is overtaken.
        self._check(scope, query)
        if "sid" not in query and scope.get("method", "GET") == "GET":
            self._admit(network_of(scope))
        session = self._server.eio.sockets.get(query.get("sid", [""])[0])
        if scope["type"] == "websocket":
            await self._websocket(scope, _replay(first, receive), send, session)
        else:
            await self._request(_with_length(scope, first), _replay(first, receive), send, session)

    def open_sessions(self) -> int:
        """How many Engine.IO sessions are open."""
        return sum(not session.closed for session in self._server.eio.sockets.values())

    async def drain(self) -> None:
        """Let every long-poll in flight go, and refuse what still comes.

        An empty answer (NOOP) is used because clients then poll again, reach nobody or another instance, and connect
        anew by themselves; a CLOSE packet makes Python's client stay away for good.
        """
        self._draining = True
        for session in self._polls.values():
            session.queue.put_nowait(Packet(NOOP))

    def _check(self, scope: Scope, query: dict[str, list[str]]) -> None:
        if self._draining:
            raise HTTPException(503, "this instance is shutting down: connect again", {"Retry-After": "1"})
        if scope["type"] == "http" and scope["method"] not in _METHODS:
            raise HTTPException(405, headers={"Allow": ", ".join(_METHODS)})
        # Engine.IO would make a session out of these, and then find that it cannot answer.
        if (scope["type"] == "websocket") != (query.get("transport") == ["websocket"]):
            raise HTTPException(400, "the transport named in the query is not the one that is used")

    def _admit(self, network: str) -> None:
        if self._server.strangers(network) >= self._share:
            detail = f"{self._share} sessions of your address have not said who they are: wait, or connect those first"
            raise HTTPException(429, detail, {"Retry-After": _RETRY_AFTER})
        sessions = self._server.eio.sockets
        if len(sessions) < self._max_sessions:
            return
        # Engine.IO forgets closed sessions only on its next round, a ping timeout later.
        for sid in [sid for sid, session in sessions.items() if session.closed]:
            del sessions[sid]
        if len(sessions) >= self._max_sessions:
            detail = f"all {self._max_sessions} sessions are taken (SOCKETIO_MAX_SESSIONS)"
            raise HTTPException(503, detail, {"Retry-After": _RETRY_AFTER})

    async def _request(self, scope: Scope, receive: Receive, send: Send, session: AsyncSocket | None) -> None:
        was_open = session is not None and not session.closing
        if session is not None and scope["method"] == "GET":
            self._polls[id(scope)] = session
        try:
            await self._server.handle_request(scope, receive, send)
        finally:
            self._polls.pop(id(scope), None)
        if session is not None and was_open and session.closed:
            session.queue.put_nowait(None)  # the client said goodbye, and Engine.IO would leave its poll waiting

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, session: AsyncSocket | None) -> None:
        try:
            await self._server.handle_request(scope, receive, send)
        except Exception as error:
            log.warning("a websocket is closed for what it sent: %s: %s", type(error).__name__, error)
            if abandoned := session or self._made_for(scope):
                await self._server.abandon(abandoned)
            await send({"type": "websocket.close", "code": _PROTOCOL_ERROR})

    def _made_for(self, scope: Scope) -> AsyncSocket | None:
        for sid, environ in self._server.environ.items():
            if environ["asgi.scope"] is scope:
                return self._server.eio.sockets.get(sid)
        return None


async def _first_message(scope: Scope, receive: Receive) -> Message | None:
    """The message that opens a websocket, or all of a request; None when the client has left already."""
    if scope["type"] == "websocket":
        return await receive()
    body = await read_body(receive)
    return None if body is None else {"type": "http.request", "body": body, "more_body": False}


def _with_length(scope: Scope, first: Message) -> Scope:
    """The scope with the length of the body that was read: Engine.IO takes a chunked one for empty."""
    others = [header for header in scope["headers"] if header[0].lower() != b"content-length"]
    length = str(len(first["body"])).encode()
    return {**scope, "headers": [*others, (b"content-length", length)]}


def _replay(first: Message, receive: Receive) -> Receive:
    messages = [first]

    async def replaying_receive() -> Message:
        return messages.pop() if messages else await receive()

    return replaying_receive
