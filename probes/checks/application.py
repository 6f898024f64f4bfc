"""`app`: the reference leads to something that can be served."""

from __future__ import annotations

from probes.references import resolve_callable


def check(reference: str) -> None:
    """The application's module can be imported, has the attribute, and that is callable. Raises `Failure`."""
    resolve_callable(reference)
