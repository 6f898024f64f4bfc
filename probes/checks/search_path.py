"""Where modules are found: the parts of sys.path, and what an import finds with and without the improvised ones."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec


class Entry(NamedTuple):
    """A directory on sys.path; `source` says what put it there when that was no installation, else it is empty."""

    directory: str
    source: str


def entries() -> list[Entry]:
    """sys.path in its order: the starting directory first (unless `-P`), then PYTHONPATH, then what is installed.

    They are told apart by position, since an installed `.pth` file may name the same directory again.
    """
    improvised = _pythonpath()
    found: list[Entry] = []
    for position, entry in enumerate(sys.path):
        directory = os.path.abspath(entry)
        if position == 0 and not sys.flags.safe_path:
            source = "the working directory" if directory == os.getcwd() else "the script's directory"
            found.append(Entry(directory, source))
        elif directory in improvised:
            found.append(Entry(directory, "PYTHONPATH"))
        else:
            improvised = set()
            found.append(Entry(directory, ""))
    return found


def find(name: str) -> ModuleSpec | None:
    """What `import name` would find; `name` is a top-level one, and nothing is imported."""
    try:
        return importlib.util.find_spec(name)
    except ValueError:
        return None  # imported already, by something that left no spec behind


def find_installed(name: str) -> ModuleSpec | None:
    """What `import name` would find without the starting directory and PYTHONPATH."""
    own = _site_directories()
    path = [entry.directory for entry in entries() if not entry.source or entry.directory in own]
    for finder in sys.meta_path:
        # the other finders (built-in, frozen, editable installs) don't depend on sys.path
        spec = PathFinder.find_spec(name, path) if finder is PathFinder else finder.find_spec(name, None)
        if spec is not None:
            return spec
    return None


def places(spec: ModuleSpec) -> list[str]:
    """The file of a module, or the directories of a namespace package; empty for a built-in or frozen module."""
    if spec.has_location and spec.origin:
        return [os.path.realpath(spec.origin)]
    return [os.path.realpath(location) for location in spec.submodule_search_locations or ()]


def in_standard_library(path: str) -> bool:
    """Whether `path` is of Python's own modules; the directories of installed packages inside don't count."""
    if in_installed_packages(path):
        return False
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    roots = {os.path.dirname(os.__file__), os.path.join(sys.base_exec_prefix, sys.platlibdir, version)}
    return any(is_within(path, os.path.realpath(root)) for root in roots)


def in_installed_packages(path: str) -> bool:
    """Whether `path` is in a directory where an installer puts packages."""
    return not {"site-packages", "dist-packages"}.isdisjoint(path.split(os.sep))


def is_within(path: str, root: str) -> bool:
    """Whether `path` is `root` or lies below it, both absolute."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _pythonpath() -> set[str]:
    value = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    return {os.path.abspath(entry) for entry in value.split(os.pathsep)} if value else set()


def _site_directories() -> set[str]:
    """This interpreter's own, which stay installed even if PYTHONPATH names them too."""
    import site

    return {os.path.abspath(directory) for directory in (*site.getsitepackages(), site.getusersitepackages())}
