"""The connections of this process to the database's server, which are cut when it ends and the server says nothing."""

from __future__ import annotations

import os
import socket
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from psycopg import Connection, Error, OperationalError

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry


class Lines:
    """Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: WeakSet[Connection[Any]] = WeakSet()
        self._are_cut = False

    def note(self, connection: Any, _: ConnectionPoolEntry) -> None:
        """What a pool of connections calls for each new one ("connect"); a file's are none of a server."""
        if not isinstance(connection, Connection):
            return
        with self._lock:
            self._open.add(connection)

    def admit(self, *_: Any) -> None:
        """What an engine calls before it connects ("do_connect"). Raises the driver's error once the lines are cut."""
        if self._are_cut:
            raise OperationalError("this process ends, and asks the database no more")

    def cut(self) -> None:
        """Have each thread that waits for the server fail now, and any that would begin to wait."""
        with self._lock:
            self._are_cut = True
            lines = list(self._open)
        for line in lines:
            try:
                with socket.socket(fileno=os.dup(line.fileno())) as end:
                    end.shutdown(socket.SHUT_RDWR)
            except (OSError, Error):
                pass  # closed already
