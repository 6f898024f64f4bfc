"""When a process began to run its program, as the kernel tells it (its proc connector, linux/cn_proc.h)."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Self

from tests.bench.processes import Broken

if TYPE_CHECKING:
    from types import TracebackType

_CONNECTOR, _GROUP, _EXEC = 11, 1, 2
_LISTEN, _IGNORE = 1, 2
_SO_RCVBUFFORCE = 33
_BUFFER = 2**23  # every process of the machine is told of, and nobody reads before the end
_NETLINK = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_MESSAGE = struct.Struct("=IIIIHH")  # group, value, sequence, acknowledgement, length, flags
_EVENT = struct.Struct("=IIQII")  # what, processor, nanoseconds, thread, process


class Execs:
    """Listens from entering to leaving."""

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _CONNECTOR)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            self._socket.bind((0, _GROUP))
            self._order(_LISTEN)
        except OSError as error:
            self._socket.close()
            raise Broken(f"the kernel tells nobody when processes start ({error}): run this as root on Linux") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._order(_IGNORE)
        self._socket.close()

    def of(self, pid: int, before: float) -> float:
        """When `pid` last changed its program before that time, both on the monotonic clock."""
        found: float | None = None
        while True:
            try:
                data = self._socket.recv(4096, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError as error:  # ENOBUFS: more has happened than the buffer holds
                raise Broken(f"the kernel's news of processes is incomplete ({error}): run it again") from None
            what, _, nanoseconds, _, process = _EVENT.unpack_from(data, _NETLINK.size + _MESSAGE.size)
            if (what, process) == (_EXEC, pid) and nanoseconds / 1e9 < before:
                found = nanoseconds / 1e9
        if found is None:
            raise Broken(f"process {pid} started nothing that was told of: run this beside the engine")
        return found

    def _order(self, what: int) -> None:
        order = struct.pack("=I", what)
        message = _MESSAGE.pack(_GROUP, 1, 0, 0, len(order), 0) + order
        self._socket.send(_NETLINK.pack(_NETLINK.size + len(message), 3, 0, 0, 0) + message)
