"""The gate: no traffic reaches an ASGI application until it has proved that it can serve.

This module is the public face, and standard library only: the parent process imports it before the socket is bound.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Failure", "Waiting", "__version__", "is_rehearsal", "on_drain", "request_id"]
__version__ = "0.1.0"


class Failure(Exception):
    """A check of the boot contract does not hold.

    `detail` is one sentence that names what, where and the value; each of `resolution` is a step that mends it.
    """

    def __init__(self, detail: str, *resolution: str) -> None:
        super().__init__(detail)
        self.detail = str(detail)
        self.resolution = tuple(map(str, resolution))


class Waiting(Failure):
    """Something outside is not there yet: the check is tried again until the boot timeout, shown as "waiting"."""


def is_rehearsal() -> bool:
    """Whether the application is started to see that it can be, by `check`, and will serve nobody.

    Ask it in the application's lifespan, before doing what is worth doing once: printing a secret, say.
    """
    from probes.serving import lifespan

    return lifespan.rehearsed.get()


def on_drain(callback: Callable[[], Awaitable[None]]) -> None:
    """Have `callback` awaited once when the drain has stopped accepting, to let go what would hold connections.

    Call it from the application's lifespan startup. Exceptions of the callback are logged, not raised.
    """
    from probes.serving import drain

    drain.callbacks.append(callback)


def request_id() -> str | None:
    """The id of the request that this task is handling (`X-Request-ID`), or None outside a request."""
    from probes import logs

    return logs.current_request_id.get()
