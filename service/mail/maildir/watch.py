"""Sees when something in a Maildir may have changed, by the kernel's notifications."""

from __future__ import annotations

import os
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

from service.mail.maildir.folder import KINDS, subfolders

if TYPE_CHECKING:
    from pathlib import Path

_STEP = 50
"""Milliseconds without a further change after which the changes so far are worth a look."""
_DEBOUNCE = 200


class Watch:
    """Watches one Maildir. What changes between two calls of `wait` ends the second one at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._watched: dict[str, int] = {}
        self._notify: RustNotify | None = None
        self._interrupted = Event()

    def update(self) -> None:
        """Watch the folders that are there now. Where the kernel cannot, `wait` sees nothing and takes its time."""
        while (directories := self._directories()) != self._watched:
            self.close()
            try:
                # Not recursive: the kernel would be told to watch what symbolic links lead to.
                self._notify = RustNotify(list(directories), False, False, 0, False, True)
            except (OSError, WatchfilesRustInternalError):
                return
            self._watched = directories

    def wait(self, timeout: float) -> None:
        """Return when a message or a folder has come, gone or changed its name, after `timeout` s, or interrupted."""
        until = monotonic() + timeout
        while (left := until - monotonic()) > 0 and not self._interrupted.is_set():
            if self._notify is None:
                self._interrupted.wait(left)
                continue
            seen = self._notify.watch(_DEBOUNCE, _STEP, int(left * 1000) + 1, self._interrupted)
            if isinstance(seen, set) and any(_matters(path) for _, path in seen):
                break
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Have `wait` return. From any thread."""
        self._interrupted.set()

    def close(self) -> None:
        """Stop watching."""
        if self._notify is not None:
            self._notify.close()
        self._notify = None
        self._watched = {}

    def _directories(self) -> dict[str, int]:
        """What to watch, with inode numbers: a directory that was made anew is another one."""
        try:
            folders = [str(self._root), *(os.path.join(self._root, name) for name in subfolders(self._root).values())]
        except OSError:
            return {}
        kinds = [os.path.join(folder, kind) for folder in folders for kind in KINDS]
        return {path: inode for path in (*folders, *kinds) if (inode := _inode(path))}


def _inode(directory: str) -> int:
    try:
        return os.lstat(directory).st_ino
    except OSError:
        return 0


def _matters(path: str) -> bool:
    """Whether it is a message or a folder, and no file of another program, such as an index."""
    directory, name = os.path.split(path)
    return os.path.basename(directory) in KINDS or name in KINDS or name.startswith(".")
