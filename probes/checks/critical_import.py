"""`critical-imports`: what the service leans on can be imported."""

from __future__ import annotations

from probes.imports import import_module


def check(name: str) -> None:
    """The module `name` can be imported. Raises `Failure` with the cause."""
    import_module(name)
