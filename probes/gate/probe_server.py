"""The tiny server that answers probes until the application can: raw sockets and a selector.

Standard library only. It never blocks and keeps nothing between requests: a connection brings one request,
gets one response and is closed, all within `PATIENCE` seconds of its beginning.
"""

from __future__ import annotations

import errno
import math
import resource
import selectors
import socket
import time

from probes.gate import responder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[responder.Request, bool], bytes]

PATIENCE = 1.5
"""Seconds that a connection may live, whatever its client does."""
MAX_CONNECTIONS = 1024
"""Open connections; the oldest makes room for the next."""
_ACCEPTS_PER_TURN = 128


class _Connection:
    __slots__ = ("answered", "deadline", "half_closed", "incoming", "management", "outgoing", "sock")

    def __init__(self, sock: socket.socket, deadline: float, management: bool) -> None:
        self.sock = sock
        self.deadline = deadline
        self.management = management
        self.incoming = b""
        self.outgoing = b""
        self.answered = False
        self.half_closed = False


class ProbeServer:
    """Accepts on `listeners` and answers each request with `answer(request, on_management_port)`.

    The first listener is the traffic port, a second the management port.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        listeners: list[socket.socket],
        answer: Answer,
    ) -> None:
        self._selector = selector
        self._answer = answer
        self._connections: dict[int, _Connection] = {}  # in the order of their deadlines
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._room = max(8, min(MAX_CONNECTIONS, descriptors - 32))
        self._listeners = [(listener, position > 0) for position, listener in enumerate(listeners)]
        for listener, management in self._listeners:
            selector.register(listener, selectors.EVENT_READ, self._acceptor(listener, management))

    def next_deadline(self) -> float:
        """When `expire` has something to do, on the monotonic clock; infinity when there is no connection."""
        return next((connection.deadline for connection in self._connections.values()), math.inf)

    @property
    def busy(self) -> bool:
        """Whether there are connections."""
        return bool(self._connections)

    def expire(self, now: float) -> None:
        """End the connections whose time is over; one that never finished its request is told so (408)."""
        while self._connections:
            connection = next(iter(self._connections.values()))
            if connection.deadline > now:
                return
            self._evict(connection)

    def stop_accepting(self) -> None:
        """Close this process's copies of the listening sockets; what was accepted is still answered."""
        for listener, _ in self._listeners:
            self._selector.unregister(listener)
            listener.close()
        self._listeners.clear()

    def serve_waiting(self) -> None:
        """Accept what is in the listen queue, and answer those who have asked already."""
        for listener, management in self._listeners:
            self._acceptor(listener, management)(selectors.EVENT_READ)

    def answer_what_waits(self, seconds: float) -> None:
        """Accept and answer what is in the listen queue, stop accepting, and see the responses off."""
        self.serve_waiting()
        self.stop_accepting()
        end = time.monotonic() + seconds
        while self._connections and (left := end - time.monotonic()) > 0:
            for key, mask in self._selector.select(left):
                if isinstance(key.fileobj, socket.socket) and key.fd in self._connections:
                    key.data(mask)
        for connection in list(self._connections.values()):
            self._close(connection)

    def forget(self) -> None:
        """After a fork, in the child: close the copies of the connections, not the connections."""
        for connection in self._connections.values():
            connection.sock.close()
        self._connections.clear()

    def _acceptor(self, listener: socket.socket, management: bool) -> Callable[[int], None]:
        def accept(_mask: int) -> None:
            for _ in range(_ACCEPTS_PER_TURN):
                while len(self._connections) >= self._room:
                    self._evict(next(iter(self._connections.values())))
                try:
                    sock, _address = listener.accept()
                except OSError as error:
                    if error.errno in (errno.EMFILE, errno.ENFILE) and self._connections:
                        self._evict(next(iter(self._connections.values())))
                    return
                sock.setblocking(False)
                connection = _Connection(sock, time.monotonic() + PATIENCE, management)
                self._connections[sock.fileno()] = connection
                self._selector.register(
                    sock, selectors.EVENT_READ, lambda mask, connection=connection: self._serve(connection, mask)
                )
                self._serve(connection, selectors.EVENT_READ)

        return accept

    def _serve(self, connection: _Connection, mask: int) -> None:
        if connection.sock.fileno() < 0:
            return  # it made room for another one in this very turn
        try:
            if mask & selectors.EVENT_WRITE:
                self._flush(connection)
            if mask & selectors.EVENT_READ and connection.sock.fileno() >= 0:
                self._receive(connection)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._close(connection)

    def _receive(self, connection: _Connection) -> None:
        data = connection.sock.recv(65536)
        if not data:
            connection.half_closed = True
            if connection.outgoing:
                self._want(connection, selectors.EVENT_WRITE)
            else:
                self._close(connection)
            return
        if connection.answered:
            return  # what follows an answered request is read and dropped, so that closing resets nothing
        connection.incoming += data
        try:
            request = responder.parse(connection.incoming)
        except responder.Refusal as refusal:
            self._send(connection, _refuse(refusal.status))
        else:
            if request is not None:
                self._send(connection, self._answer(request, connection.management))

    def _send(self, connection: _Connection, data: bytes) -> None:
        connection.answered = True
        connection.incoming = b""
        connection.outgoing = data
        self._flush(connection)

    def _flush(self, connection: _Connection) -> None:
        try:
            sent = connection.sock.send(connection.outgoing)
        except BlockingIOError:
            sent = 0
        connection.outgoing = connection.outgoing[sent:]
        if connection.half_closed and not connection.outgoing:
            self._close(connection)
            return
        interest = 0 if connection.half_closed else selectors.EVENT_READ
        if connection.outgoing:
            interest |= selectors.EVENT_WRITE
        else:
            connection.sock.shutdown(socket.SHUT_WR)
        self._want(connection, interest)

    def _want(self, connection: _Connection, interest: int) -> None:
        key = self._selector.get_key(connection.sock)
        if key.events != interest:
            self._selector.modify(connection.sock, interest, key.data)

    def _evict(self, connection: _Connection) -> None:
        self._serve(connection, selectors.EVENT_READ)  # its request may have come since the selector looked
        if connection.sock.fileno() < 0:
            return
        if not connection.answered:
            try:
                connection.sock.send(_refuse(408))
            except OSError:
                pass
        self._close(connection)

    def _close(self, connection: _Connection) -> None:
        self._connections.pop(connection.sock.fileno(), None)
        self._selector.unregister(connection.sock)
        connection.sock.close()


def _refuse(status: int) -> bytes:
    reason = responder.REASONS[status]
    return responder.response(status, f'{{"status":{status},"title":"{reason}"}}'.encode())
