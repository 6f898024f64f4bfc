"""A thread for what blocks, in which one thing is done after the other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Result = TypeVar("Result")


class OneThread:
    """A context manager. What is cancelled meanwhile is done to its end, and only then what was asked for later."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=False)

    async def do(self, work: Callable[[], Result]) -> Result:
        """The result of `work`; raises what it raises."""
        doing = asyncio.get_running_loop().run_in_executor(self._executor, work)
        doing.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # heard by nobody after a cancellation
        return await asyncio.shield(doing)
