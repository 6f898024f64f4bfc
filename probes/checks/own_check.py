"""`checks`: what the service itself wants to hold before it serves."""

from __future__ import annotations

from probes.references import resolve_callable


def check(reference: str) -> object:
    """Calls what `reference` names and returns what that returns, an awaitable from an async function.

    Raises `Failure` when it can't be called, and whatever it raises itself.
    """
    return resolve_callable(reference)()
