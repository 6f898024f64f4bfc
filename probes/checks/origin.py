"""Origin: the service's modules come from where they were installed, and stand in the way of no others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from probes import Failure
from probes.checks import search_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.machinery import ModuleSpec


def check(packages: Iterable[str], strict: bool, warn: Callable[[str], None]) -> None:
    """Every top-level package is an installed one. Raises `Failure` with all that are not.

    One that shadows another always fails; one that only the working directory or PYTHONPATH provides is a warning,
    or a failure when `strict`. A missing one is left to its import.
    """
    failures: list[Failure] = []
    for package in packages:
        spec = search_path.find(package)
        if spec is None:
            continue
        shadow = _shadow_of_standard_library(package, spec)
        if shadow is None and (strays := _strays(package, spec)):
            shadow = _shadow_of_installed(package, spec, strays)
            if shadow is None and strict:
                shadow = _improvised(package, strays)
            elif shadow is None:
                warn(_improvised(package, strays).detail)
        if shadow:
            failures.append(shadow)
    if failures:
        steps = [step for failure in failures for step in failure.resolution]
        raise Failure("\n".join(failure.detail for failure in failures), *dict.fromkeys(steps))


def _shadow_of_standard_library(package: str, spec: ModuleSpec) -> Failure | None:
    outside = [place for place in search_path.places(spec) if not search_path.in_standard_library(place)]
    if package not in sys.stdlib_module_names or not outside:
        return None
    return Failure(
        f"{package!r} at {outside[0]} shadows the standard library's module of that name",
        f"rename {outside[0]}, or start where it is not found",
    )


def _strays(package: str, spec: ModuleSpec) -> list[str]:
    """Where `package` is found though it was not installed there, by a wheel or as an editable project."""
    installed = search_path.find_installed(package)
    known = search_path.places(installed) if installed else []
    strays = [place for place in search_path.places(spec) if place not in known]
    if strays and spec.origin:
        from probes.checks.distributions import editable_roots

        roots = editable_roots()
        return [place for place in strays if not any(search_path.is_within(place, root) for root in roots)]
    return strays


def _shadow_of_installed(package: str, spec: ModuleSpec, strays: list[str]) -> Failure | None:
    installed = search_path.find_installed(package)
    if installed is None or not (spec.origin or installed.origin):
        return None  # a namespace package is joined by others, not shadowed
    copy = next(iter(search_path.places(installed)), installed.origin)
    return Failure(
        f"{package!r} at {strays[0]}, found through {_way(strays[0])}, shadows the installed copy at {copy}",
        f"start where {strays[0]} is not found, or with `python -P -m probes`",
        "or install the project as an editable one, so that both are the same",
    )


def _improvised(package: str, strays: list[str]) -> Failure:
    way = _way(strays[0])
    return Failure(
        f"{package!r} is found only through {way}: {strays[0]}",
        "install the project that it belongs to: `python -m pip install .`, or with `-e` while developing",
    )


def _way(place: str) -> str:
    """What put the directory of `place` on sys.path."""
    for directory, source in search_path.entries():
        if source and search_path.is_within(place, directory):
            return source
    return "sys.path"
