"""The end of this process, for threads that wait: whatever they wait for, they wait for this too."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Ended(BaseException):
    """The process ends in the middle of something, which is to be done again by the next one."""


class Ending:
    """Whether the process ends; threads share it. Each method but `clear` and `set` raises `Ended` once it does."""

    def __init__(self) -> None:
        self._said: Future[None] = Future()

    def clear(self) -> None:
        """It does not end."""
        self._said = Future()

    def set(self) -> None:
        """It ends."""
        if not self._said.done():
            self._said.set_result(None)

    def check(self) -> None:
        """Go on, unless it ends."""
        if self._said.done():
            raise Ended

    def sleep(self, seconds: float) -> None:
        """Wait so long."""
        wait([self._said], seconds)
        self.check()

    def wait_for(self, do: Callable[[], T]) -> T:
        """What `do` returns or raises; in a thread of its own, which is left behind when the process ends."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(do())
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=run, name="waited-for", daemon=True).start()
        either: list[Future[Any]] = [done, self._said]
        wait(either, return_when=FIRST_COMPLETED)
        self.check()
        return done.result()


ending = Ending()
"""Of this process."""
