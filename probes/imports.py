"""Importing a module, or telling exactly why it can't be: the cause, where it lies and the way out."""

from __future__ import annotations

import importlib
import os
import re
import sys
from typing import TYPE_CHECKING

from probes import Failure

if TYPE_CHECKING:
    from types import ModuleType

_MISSING_LIBRARY = re.compile(
    r"(?P<glibc>[^\s:]+): cannot open shared object file"
    r"|Error loading shared library (?P<musl>[^\s:]+): No such file"
)
_MESSAGE_LENGTH = 2000  # a validation error may list a lot; a whole page of it helps nobody


def import_module(name: str) -> ModuleType:
    """The module `name`. Raises `Failure` with the cause, whatever the import ended with: an exit too."""
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _failure(name, error) from error


def told(error: BaseException) -> str:
    """`error` as its type and message, cut when it is very long."""
    from traceback import format_exception_only

    text = "".join(format_exception_only(error)).strip()
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH]}…"


def _failure(name: str, error: BaseException) -> Failure:
    where = _where(error)
    match error:
        case ModuleNotFoundError(name=str(missing)):
            return _imports_missing(name, missing, where) if where else _missing(name, missing, error)
        case ImportError() if str(error).startswith("cannot import name"):
            return _cannot_import_name(name, where, error)
        case ImportError() | OSError() if library := _MISSING_LIBRARY.search(str(error)):
            needed_by = getattr(error, "path", None) or where or name
            return _missing_library(name, library["glibc"] or library["musl"], needed_by)
        case SyntaxError():
            return _syntax_error(name, error)
        case SystemExit():
            return _exits(name, where, error)
        case _:
            return _raises(name, where, error)


def _where(error: BaseException) -> str | None:
    """`file:line` of the innermost frame outside the import machinery; None when no code was reached."""
    from traceback import walk_tb

    # by code object: `__file__` is another path where bytecode was compiled elsewhere, as in an image
    machinery = {function.__code__.co_filename for function in (import_module, importlib.import_module)}
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if frame.f_code.co_filename not in machinery and not frame.f_code.co_filename.startswith("<frozen importlib")
    ]
    return places[-1] if places else None


def _missing(name: str, missing: str, error: ModuleNotFoundError) -> Failure:
    detail = f"{name} cannot be imported: there is no module named {missing!r} on sys.path"
    if "is not a package" in str(error):
        detail = f"{name} cannot be imported: {str(error).partition('; ')[2]}, so it has no {missing!r}"
    resolution = [_install(missing), f"if it is code of yours, start where it lies: this is {os.getcwd()}"]
    if nearest := _nearest_module(missing):
        resolution.insert(0, f"if the name is misspelt: the nearest one that exists is {nearest!r}")
    return Failure(detail, *resolution)


def _imports_missing(name: str, missing: str, where: str) -> Failure:
    return Failure(
        f"{name} cannot be imported: {where} imports {missing!r}, and there is no such module on sys.path",
        _install(missing),
        f"if {missing.partition('.')[0]!r} is optional, have {where} do without it",
    )


def _cannot_import_name(name: str, where: str | None, error: ImportError) -> Failure:
    detail = f"{name} cannot be imported: {where}: {error}"
    if "partially initialized" in str(error):
        return Failure(detail, "break the circle: import the one module inside the function that needs it")
    return Failure(
        detail,
        f"install the version of {error.name!r} that the importing code was written for",
        "if the name is misspelt, mend it where it is imported",
    )


def _missing_library(name: str, library: str, needed_by: str) -> Failure:
    return Failure(
        f"{name} cannot be imported: the shared library {library} is missing, and {needed_by} needs it",
        f"install the system package that provides {library}, in the image too",
        f"or install a wheel that brings it along; `ldd {needed_by}` lists all that is missing",
    )


def _syntax_error(name: str, error: SyntaxError) -> Failure:
    place = f"{error.filename or 'its source'}, line {error.lineno}"
    text = f": {error.text.strip()}" if error.text else ""
    running = ".".join(map(str, sys.version_info[:2]))
    return Failure(
        f"{name} cannot be imported: syntax error in {place}: {error.msg}{text}",
        f"mend {place}",
        f"if the line is right, it was written for another Python than {running}: run that one",
    )


def _exits(name: str, where: str | None, error: SystemExit) -> Failure:
    status, message = _exit_status(error)
    said = f", saying {message!r}," if message else ""
    return Failure(
        f"{name} cannot be imported: it exits with status {status}{said} at {where}",
        "if it exits because something it needs is absent, provide that",
        f"otherwise let {where} raise an exception, or move the exit to where the program is started",
    )


def _exit_status(error: SystemExit) -> tuple[int, str]:
    if error.code is None:
        return 0, ""
    return (error.code, "") if isinstance(error.code, int) else (1, str(error.code))


def _raises(name: str, where: str | None, error: BaseException) -> Failure:
    return Failure(
        f"{name} cannot be imported: it raises at {where}: {told(error)}",
        f"mend the cause; `{sys.executable} -c 'import {name}'` shows the whole traceback",
        "if it needs a variable or a connection, ask for it when the application starts, not when it is imported",
    )


def _install(missing: str) -> str:
    top = missing.partition(".")[0]
    return f"install the distribution that provides {top!r} into {sys.prefix}, and name it in the dependencies"


def _nearest_module(missing: str) -> str | None:
    from difflib import get_close_matches
    from pkgutil import iter_modules

    parent, _, last = missing.rpartition(".")
    locations = getattr(sys.modules.get(parent), "__path__", []) if parent else None
    nearest = get_close_matches(last, [module.name for module in iter_modules(locations)], 1, cutoff=0.75)
    return f"{parent}.{nearest[0]}".lstrip(".") if nearest else None
