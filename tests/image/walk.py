"""Which modules a program can reach, read from its code objects: `import` anywhere in it, in functions too.

Runs inside the image, with the standard library that is left there: `python -c TEXT ROOT…` prints JSON.
"""

from __future__ import annotations

import dis
import functools
import importlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    FrozenImporter,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType

ALIASES = {"collections.abc", "os.path"}  # names in sys.modules that have no file
LOADERS = {SOURCE_SUFFIXES[0]: SourceFileLoader, BYTECODE_SUFFIXES[0]: SourcelessFileLoader}
FROZEN = {  # made before anything can be imported
    *("_frozen_importlib", "_frozen_importlib_external", "importlib._bootstrap", "importlib._bootstrap_external"),
}


class Walk:
    """What can be reached from `roots`: the modules, those that are not there, and the names taken from them."""

    def __init__(self, roots: list[str]) -> None:
        self.reached: dict[str, str] = {}  # by whom
        self.missing: dict[str, str] = {}
        self.names: list[tuple[str, str, str]] = []
        todo = [(root, "the test") for root in roots]
        while todo:
            todo += self._visit(*todo.pop())

    def _visit(self, name: str, by: str) -> Iterator[tuple[str, str]]:
        package = name.rpartition(".")[0]
        if name in self.reached or name in self.missing or name in ALIASES | FROZEN:
            return
        if package and package not in self.reached and package not in self.missing:
            yield from [(name, by), (package, by)]
            return
        found = None if package in self.missing else find(name)
        if found is None:
            self.missing[name] = by
            return
        self.reached[name] = by
        code, is_package = found
        inside = name if is_package else package
        for level, names, target, late in imports(code) if code else ():
            origin = ".".join([*inside.split(".")[: len(inside.split(".")) - level + 1], target]).strip(".")
            full = origin if level else target
            yield full, name
            for taken in set(names) - {"*"}:
                if late:  # at a module's top level a name that is not there keeps it from being imported
                    self.names.append((full, taken, name))
                if find(f"{full}.{taken}"):
                    yield f"{full}.{taken}", name


@functools.cache
def find(name: str) -> tuple[CodeType | None, bool] | None:
    """The code of a module, if it has any, and whether it is a package; without importing anything."""
    if name in sys.builtin_module_names:
        return None, False
    if frozen := FrozenImporter.find_spec(name):
        return FrozenImporter.get_code(name), frozen.submodule_search_locations is not None
    for folder in filter(None, sys.path):
        place = os.path.join(folder, *name.split("."))
        for stem in (os.path.join(place, "__init__"), place):
            is_package = stem != place
            if any(os.path.isfile(stem + suffix) for suffix in EXTENSION_SUFFIXES):
                return None, is_package
            for suffix, loader in [
                (SOURCE_SUFFIXES[0], SourceFileLoader),
                (BYTECODE_SUFFIXES[0], SourcelessFileLoader),
            ]:
                if os.path.isfile(stem + suffix):
                    return loader(name, stem + suffix).get_code(name), is_package
        if os.path.isdir(place):
            return None, True
    return None


def imports(code: CodeType, late: bool = False) -> Iterator[tuple[int, tuple[str, ...], str, bool]]:
    """Every `import` of a code object: level, names and module as the instruction has them, and if it is in another."""
    instructions = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
    for place, step in enumerate(instructions):
        if step.opname == "IMPORT_NAME":
            yield instructions[place - 2].argval, instructions[place - 1].argval or (), step.argval, late
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from imports(constant, late=True)


def modules(package: str) -> Iterator[str]:
    """The names of all modules of a package."""
    folder = next(os.path.join(entry, package) for entry in sys.path if os.path.isdir(os.path.join(entry, package)))
    for place, _, files in os.walk(folder):
        for file in files:
            if file.endswith(".py"):
                path = os.path.relpath(os.path.join(place, file), os.path.dirname(folder))
                yield path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def main() -> None:
    """Walk, import everything that was reached, and say what went wrong."""
    warnings.simplefilter("ignore")
    roots = [name for root in sys.argv[1:] for name in (modules(root[:-2]) if root.endswith(".*") else [root])]
    walk = Walk(roots)
    failures = {}
    for name in sorted(walk.reached):
        try:
            importlib.import_module(name)
        except Exception as error:
            failures[name] = [getattr(error, "name", None) or "", f"{type(error).__name__}: {error}"]
    ours = tuple(f"{root.split('.')[0]}." for root in sys.argv[1:] if root.endswith(".*"))
    absent = [
        f"{by}: {module}.{name}"
        for module, name, by in walk.names
        if f"{by}.".startswith(ours) and module in sys.modules and not hasattr(sys.modules[module], name)
    ]
    print(
        json.dumps(
            {
                "reached": walk.reached,
                "missing": walk.missing,
                "failures": failures,
                "absent": absent,
                "unseen": sorted(set(sys.modules) - set(walk.reached) - ALIASES - FROZEN),
            }
        )
    )


if __name__ == "__main__":
    main()
