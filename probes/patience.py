"""Awaits with a deadline, and shows where an awaitable hangs when the deadline comes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


class Overdue(Exception):
    """The deadline came first; `stack` shows where the coroutines wait, innermost first."""

    def __init__(self, stack: list[str]) -> None:
        super().__init__("did not finish in time")
        self.stack = stack


async def until(deadline: float, awaitable: Awaitable[T]) -> T:
    """The result of `awaitable`, or `Overdue` at `deadline` (seconds on the monotonic clock)."""
    task = asyncio.ensure_future(awaitable)
    done, _ = await asyncio.wait({task}, timeout=max(0.0, deadline - time.monotonic()))
    if not done:
        stack = where(task)
        task.cancel()
        raise Overdue(stack)
    return task.result()


def where(task: asyncio.Future[Any]) -> list[str]:
    """`file:line in function` for each coroutine that a task is suspended in, innermost first."""
    frames: list[str] = []
    waiting: Any = task.get_coro() if isinstance(task, asyncio.Task) else None
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            frames.append(f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return frames[::-1]
