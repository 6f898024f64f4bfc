"""References, "package.module:attribute": how the contract names an application, a check or an indicator."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from probes import Failure
from probes.imports import import_module, told

if TYPE_CHECKING:
    from collections.abc import Callable


def split(reference: str) -> tuple[str, str]:
    """The module's name and the attribute's (which may be a dotted path). Raises `ValueError` on any other form."""
    module, _, attribute = reference.partition(":")
    if not is_dotted_name(module) or not is_dotted_name(attribute):
        raise ValueError(reference)
    return module, attribute


def is_dotted_name(text: str) -> bool:
    """Whether `text` is identifiers joined by dots."""
    return all(part.isidentifier() for part in text.split("."))


def resolve(reference: str) -> object:
    """The object that `reference` names; its module is imported.

    Raises `Failure`: not a reference, the module can't be imported (with the cause), or it has no such attribute.
    """
    try:
        module, path = split(reference)
    except ValueError:
        raise Failure(f"{reference!r} is not a reference", 'write it as "package.module:attribute"') from None
    found: object = import_module(module)
    owner = module
    for attribute in path.split("."):
        found = _attribute(found, owner, attribute, reference)
        owner = f"{owner}.{attribute}"
    return found


def resolve_callable(reference: str) -> Callable[..., Any]:
    """As `resolve`; raises `Failure` also when the object can't be called."""
    found = resolve(reference)
    if callable(found):
        return found
    kind = type(found).__name__
    detail = f"{reference} is not callable: it is {_article(kind)} {kind}"
    if isinstance(found, ModuleType):
        raise Failure(detail, f'name what to call inside the module: "{found.__name__}:ATTRIBUTE"')
    raise Failure(detail, f"name something in the module {reference.partition(':')[0]} that can be called")


def _attribute(found: object, owner: str, attribute: str, reference: str) -> object:
    try:
        return getattr(found, attribute)
    except AttributeError:
        raise _no_attribute(found, owner, attribute, reference) from None
    except Exception as error:
        raise Failure(
            f"{reference} cannot be read: {owner}.{attribute} raises {told(error)}", "mend the cause"
        ) from error


def _no_attribute(found: object, owner: str, attribute: str, reference: str) -> Failure:
    from difflib import get_close_matches

    kind = "module" if isinstance(found, ModuleType) else "object"
    file = getattr(found, "__file__", None)
    place = f" ({file})" if kind == "module" and file else ""
    names = [name for name in dir(found) if not name.startswith("__")]
    nearest = get_close_matches(attribute, names, 3)
    if nearest:
        step = f"nearest to it: {', '.join(map(repr, nearest))}; mend the reference {reference!r}"
    else:
        step = f"define {attribute!r} there, or mend the reference {reference!r}"
    return Failure(f"the {kind} {owner}{place} has no attribute {attribute!r}", step)


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"
