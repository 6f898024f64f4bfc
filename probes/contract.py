"""The boot contract: where contract.toml is, what it may say, and every problem of it at once."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from probes.gate.answers import PROBE_PATHS
from probes.references import is_dotted_name, split

if TYPE_CHECKING:
    from collections.abc import Callable


class ContractError(Exception):
    """The contract can't be used; the message is whole: file, place, value and what is accepted."""


class Indicator(NamedTuple):
    """Something that the running service leans on; `every` and `timeout` are seconds."""

    name: str
    call: str
    critical: bool = False
    every: float = 10.0
    timeout: float = 2.0


class Contract(NamedTuple):
    """What contract.toml says, with the defaults for what it leaves out."""

    path: Path
    app: str
    python: str | None = None
    critical_imports: tuple[str, ...] = ()
    forbidden_paths: tuple[str, ...] = ()
    strict_origin: bool = False
    checks: tuple[str, ...] = ()
    lifespan: bool = True
    request_metrics: bool = True
    max_websocket_message: int = 1_000_000
    application_paths: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = ()


def locate(argument: str | None) -> Path:
    """The file that `argument` names, else `contract.toml` inside the package `service`, which is not imported.

    Raises `ContractError` when there is neither.
    """
    if argument:
        return Path(argument)
    spec = importlib.util.find_spec("service")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        if (path := Path(folder, "contract.toml")).is_file():
            return path
    missing = f"in {', '.join(folders)}" if folders else "because there is no package 'service' on sys.path"
    raise ContractError(
        f"there is no contract: contract.toml was not found {missing}, and none was named: "
        "name one with --contract FILE or AIRLOCK_CONTRACT"
    )


def load(path: Path) -> Contract:
    """Read the contract at `path`. Raises `ContractError` that lists every problem of the file."""
    document = _document(path)
    problems: list[str] = []
    tables = document.pop("indicator", [])
    values = _values(document, _KEYS, "", problems)
    indicators = _indicators(tables, problems)
    if len(problems) == 1:
        raise ContractError(f"{path}: {problems[0]}")
    if problems:
        numbered = [f"{number}. {problem}" for number, problem in enumerate(problems, 1)]
        raise ContractError("\n".join([f"{path} has {len(problems)} problems:", *numbered]))
    return Contract(path=path, indicators=indicators, **values)


def _document(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ContractError(
            f"{path} cannot be read: {reason}: name a readable file with --contract or AIRLOCK_CONTRACT"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ContractError(f"{path}, line {line}: not UTF-8, which TOML has to be: {error.reason}") from error
    except RecursionError as error:
        raise ContractError(f"{path} is not TOML that can be read: values are nested too deeply") from error
    except ValueError as error:
        raise ContractError(f"{path} is not TOML: {error}") from error


# -- what each key accepts: a parser returns the value as the contract holds it, or raises _Unusable --------------


class _Unusable(Exception):
    """The value, or the item of it, that is not accepted."""

    def __init__(self, value: object) -> None:
        self.value = value


class _Key(NamedTuple):
    parse: Callable[[Any], Any]
    accepted: str
    required: bool = False


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Unusable(value)
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unusable(value)
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Unusable(value)
    try:
        seconds = float(value)
    except OverflowError:
        raise _Unusable(value) from None
    if not math.isfinite(seconds) or seconds <= 0:
        raise _Unusable(value)
    return seconds


def _bytes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise _Unusable(value)
    return value


def _reference(value: Any) -> str:
    try:
        split(_text(value))
    except ValueError:
        raise _Unusable(value) from None
    return str(value)


def _specifier(value: Any) -> str:
    text = _text(value)
    try:
        from packaging.specifiers import InvalidSpecifier, SpecifierSet
    except ImportError:
        return text  # the check of the Python version says that packaging is missing, and how to get it
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise _Unusable(value) from None
    return text


def _module(value: Any) -> str:
    if not is_dotted_name(_text(value)):
        raise _Unusable(value)
    return str(value)


def _path_part(value: Any) -> str:
    if "/" in _text(value) or value in (".", ".."):
        raise _Unusable(value)
    return str(value)


def _probe_path(value: Any) -> str:
    if value not in PROBE_PATHS:
        raise _Unusable(value)
    return str(value)


def _switch(value: Any) -> bool:
    if value not in ("on", "off"):
        raise _Unusable(value)
    return bool(value == "on")


def _list_of(parse: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    def parse_list(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise _Unusable(value)
        return tuple(dict.fromkeys(map(parse, value)))

    return parse_list


_KEYS = {
    "app": _Key(_reference, 'the ASGI application as "package.module:attribute"', required=True),
    "python": _Key(_specifier, 'a version specifier such as ">=3.11"'),
    "critical-imports": _Key(_list_of(_module), 'a list of module names such as ["starlette"]'),
    "forbidden-paths": _Key(_list_of(_path_part), 'a list of names without a slash such as ["src"]'),
    "strict-origin": _Key(_boolean, "true or false"),
    "checks": _Key(_list_of(_reference), 'a list of "package.module:callable"'),
    "lifespan": _Key(_switch, '"on" or "off"'),
    "request-metrics": _Key(_boolean, "true or false"),
    "max-websocket-message": _Key(_bytes, "a whole number of bytes above 0"),
    "application-paths": _Key(_list_of(_probe_path), f"a list of any of {', '.join(PROBE_PATHS)}"),
}
_INDICATOR_KEYS = {
    "name": _Key(_text, "the name that probes and metrics show", required=True),
    "call": _Key(_reference, 'the callable as "package.module:callable"', required=True),
    "critical": _Key(_boolean, "true or false"),
    "every": _Key(_seconds, "a number of seconds above 0"),
    "timeout": _Key(_seconds, "a number of seconds above 0"),
}


# -- tables of keys -----------------------------------------------------------------------------------------------


def _values(table: dict[str, Any], keys: dict[str, _Key], where: str, problems: list[str]) -> dict[str, Any]:
    """The accepted values of `table` by field name; what is wrong with the others is added to `problems`."""
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in keys:
            problems.append(f"{where}{_unknown(name, keys)}")
            continue
        try:
            values[name.replace("-", "_")] = keys[name].parse(value)
        except _Unusable as unusable:
            problems.append(f"{where}{name}: {_shown(unusable.value)} is not usable: accepted is {keys[name].accepted}")
    problems += [
        f"{where}{name} is missing: give {key.accepted}"
        for name, key in keys.items()
        if key.required and name not in table
    ]
    return values


def _indicators(tables: object, problems: list[str]) -> tuple[Indicator, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"indicator: {_shown(tables)} is not usable: accepted is one or more [[indicator]] tables")
        return ()
    indicators: list[Indicator] = []
    names: set[str] = set()
    for number, table in enumerate(tables, 1):
        where = f"[[indicator]] {number}: "
        found = len(problems)
        values = _values(table, _INDICATOR_KEYS, where, problems)
        name = values.get("name", "")
        if name in names:
            problems.append(f"{where}name: {name!r} is taken by an earlier indicator: give each its own")
        if len(problems) == found:
            indicators.append(Indicator(**values))
        names.update({name} - {""})
    return tuple(indicators)


def _unknown(name: str, keys: dict[str, _Key]) -> str:
    from difflib import get_close_matches

    if keys is _INDICATOR_KEYS and name in _KEYS:
        return f"{name!r} is a key of the whole contract: write it above the first [[indicator]]"
    known = list(keys) if keys is _INDICATOR_KEYS else [*keys, "indicator"]
    nearest = get_close_matches(name.lower().replace("_", "-"), known, 1)
    if nearest:
        return f"{name!r} is not a known key: did you mean {nearest[0]!r}?"
    return f"{name!r} is not a known key: accepted are {', '.join(known)}"


def _shown(value: object) -> str:
    """`value` on one line, shortened; booleans as TOML writes them."""
    from reprlib import Repr

    if isinstance(value, bool):
        return str(value).lower()
    shortened = Repr()
    shortened.maxstring = shortened.maxother = 80
    try:
        return shortened.repr(value)
    except ValueError:
        return "an integer of thousands of digits"  # Python refuses to write those in decimal
