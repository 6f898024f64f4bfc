"""`python`: the running interpreter is one that the service was written for."""

from __future__ import annotations

import platform

from probes import Failure


def check(specifier: str) -> str:
    """The running version satisfies `specifier` (PEP 440; pre-releases count). Raises `Failure`."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        raise packaging_missing() from None
    running = platform.python_version()
    # a build from a branch is called "3.14.0+", which is no version of PEP 440
    if SpecifierSet(specifier).contains(running.rstrip("+"), prereleases=True):
        return f"{running} satisfies {specifier}"
    raise Failure(
        f"Python {running} runs, but the contract's `python` is {specifier!r}",
        f"start it with a Python {specifier}, or change the image's base",
        "if the service works on this Python too, widen `python` in the contract",
    )


def packaging_missing() -> Failure:
    """What to say when versions can't be compared at all."""
    return Failure(
        "the distribution 'packaging' is missing, without which no version can be compared",
        "install airlock with its dependencies, 'packaging' among them",
    )
