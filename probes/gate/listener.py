"""The one listening socket, opened before anything else happens. Standard library only."""

from __future__ import annotations

import errno
import socket

# Connections wait here through the hand-over; the kernel cuts it to net.core.somaxconn.
BACKLOG = 4096


class ListenError(Exception):
    """The address can't be listened on; the message says which, why and what to do."""


def listen(host: str, port: int, variable: str = "PORT") -> socket.socket:
    """A non-blocking socket that listens on `host` and `port`.

    An empty host is every interface: one dual-stack socket (RFC 3493, section 3.7), or IPv4 alone
    where the kernel has no IPv6. Raises `ListenError`.
    """
    if host:
        return _listen(host, port, variable)
    try:
        return _listen("::", port, variable)
    except ListenError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            return _listen("0.0.0.0", port, variable)
        raise


def describe(listener: socket.socket) -> str:
    """`[::]:8000` or `0.0.0.0:8000`."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _listen(host: str, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = None
    try:
        if host.strip("0123456789.") and ":" not in host:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            host = str(address[0])
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        raise ListenError(_sentence(error, host, port, variable)) from error
    return listener


def _sentence(error: OSError | UnicodeError, host: str, port: int, variable: str) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)) or error.errno == errno.EADDRNOTAVAIL:
        why, way_out = "this machine has no such address", "set HOST to one of its own, or leave it unset"
    elif error.errno == errno.EADDRINUSE:
        why, way_out = "another process listens there", f"stop it, or set {variable} to a free port"
    elif error.errno == errno.EACCES:
        why, way_out = "this user may not open it", f"set {variable} to 1024 or above"
    else:
        why, way_out = str(error.strerror or error), f"check HOST and {variable}"
    return f"cannot listen on {host or '*'} port {port} ({variable}): {why}; {way_out}"
