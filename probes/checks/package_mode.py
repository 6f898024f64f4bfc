"""Package mode: modules are known by one name each, which only a start from outside the packages gives."""

from __future__ import annotations

import os
import sys

from probes import Failure
from probes.checks import search_path


def check(package: str) -> None:
    """The gate runs as a package, and the application's `package` can be imported as one. Raises `Failure`.

    That `package` is not there at all is left to the import, which tells why.
    """
    main = sys.modules["__main__"]
    # the console script imports `probes.__main__`; `-m` runs it as `__main__` of the package `probes`
    if getattr(main, "__package__", None) != "probes" and "probes.__main__" not in sys.modules:
        raise Failure(
            f"{getattr(main, '__file__', sys.argv[0])} was started as a file, not as part of the package 'probes'",
            f"start it with `{os.path.basename(sys.executable)} -m probes`",
        )
    spec = search_path.find(package)
    if spec is None and (folder := _enclosing(package)):
        raise Failure(
            f"the working directory {os.getcwd()} lies inside the package {package!r}, "
            f"so that {package!r} itself cannot be imported",
            f"start it from {os.path.dirname(folder)}, or install the project",
        )


def _enclosing(package: str) -> str | None:
    """The working directory or the one above it that is `package`'s own folder."""
    folder = os.getcwd()
    while folder != os.path.dirname(folder):
        if os.path.basename(folder) == package and os.path.isfile(os.path.join(folder, "__init__.py")):
            return folder
        folder = os.path.dirname(folder)
    return None
