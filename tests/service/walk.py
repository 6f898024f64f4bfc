"""A walk over all that can be asked: every operation of the description, with the ids of what somebody has.

What it does not know how to ask is an error, so that nothing which is added later goes unasked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.api import pages
from tests.service.belongings import CANARY
from tests.service.store.followed import BEGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.service.belongings import Belongings

UNKNOWN = 9_999_999
"""The id of nothing."""
LAST = ("everything.delete", "auth.sign-out", "auth.sign-out-everywhere")
"""Operations after which the one who walks has nothing more to say."""


class NotWalked(AssertionError):
    """Something that can be asked and that the walk does not know."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `names_something` says that its path has an id of what the other person has."""

    operation: str
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    names_something: bool = False
    unknown: str = ""
    """The same path, with the id of nothing."""


def steps(document: Mapping[str, Any], theirs: Belongings) -> list[Step]:
    """Every request, those of `LAST` at the end."""
    found = [
        step
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        for step in _operation(method.upper(), path, described, theirs)
    ]
    return sorted(found, key=lambda step: step.operation in LAST)


def _operation(method: str, path: str, described: Mapping[str, Any], theirs: Belongings) -> Iterator[Step]:
    operation = described["operationId"]
    in_query = [one for one in described.get("parameters", ()) if one["in"] == "query"]
    queries: list[dict[str, Any]] = [{}, *({one["name"]: value} for one in in_query for value in _query(one, theirs))]
    bodies = _bodies(operation, theirs) if "requestBody" in described else [None]
    for filled, unknown in _paths(path, theirs):
        for query in queries:
            for body in bodies:
                yield Step(operation, method, filled, query, body, filled != unknown, unknown)


def _paths(path: str, theirs: Belongings) -> list[tuple[str, str]]:
    """The path with each id, and beside it with that of nothing."""
    match = re.fullmatch(r"(.*/([\w-]+)/)\{id\}(/.*)?", path.replace("{number}", "1"))
    if match is None:
        if "{" in path:
            raise NotWalked(f"{path} has a parameter that the walk does not know: add it to `_paths`")
        return [(path, path)]
    begin, kind, end = match[1], match[2], match[3] or ""
    if kind not in theirs.ids:
        raise NotWalked(f"{path}: nobody has any {kind}: have tests/service/belongings.py give some")
    return [(f"{begin}{id_}{end}", f"{begin}{UNKNOWN}{end}") for id_ in theirs.ids[kind]]


def _query(parameter: Mapping[str, Any], theirs: Belongings) -> list[Any]:
    """What to ask for by a parameter, so that the other person's things would be found."""
    name, schema = parameter["name"], parameter.get("schema", {})
    if schema.get("type") == "boolean":
        return ["false", "true"]
    if "enum" in schema or "const" in schema:
        return list(schema.get("enum", [schema.get("const")]))
    ids = theirs.ids
    known: dict[str, list[Any]] = {
        "account": ids["accounts"], "thread": ids["threads"], "message": ids["messages"], "folder": [CANARY],
        "cursor": [pages.encode(BEGIN.replace(year=2099), id_) for id_ in ids["messages"]], "limit": [100],
        "label": [CANARY], "sender": [f"{CANARY}@example.com"], "since": ["2000-01-01T00:00:00Z"],
        "until": ["2100-01-01T00:00:00Z"], "q": [CANARY, f"{CANARY[:6]}*"], "after": [0, ids["events"][0] - 1],
        "next": ["/"], "state": [CANARY], "code": [CANARY], "error": [CANARY],
    }  # fmt: skip
    if name not in known:
        raise NotWalked(f"the parameter {name!r} is not known to the walk: add it to `_query`")
    return known[name]


def _bodies(operation: str, theirs: Belongings) -> list[Any]:
    """What to send so that the other person's things would change."""
    rule = {"name": "Mine", "when": {"subject": CANARY[:6]}, "then": {"label": ["mine"]}}
    imap = {"kind": "imap", "name": "Mine", "settings": {"host": "imap.example.org", "username": "bob"}, "secret": "x"}
    known: dict[str, list[Any]] = {
        "accounts.create": [imap],
        "accounts.update": [{"name": "taken"}, {"secret": "taken"}, {"settings": imap["settings"]}],
        "accounts.delete": [{}],
        "accounts.pause": [{}],
        "accounts.resume": [{}],
        "accounts.sync": [{}],
        "control.pause-all": [{}],
        "control.resume-all": [{}],
        "messages.correct": [{"category": "spam"}],
        "messages.uncorrect": [{}],
        "rules.put": [{"rule": [rule]}, {"rule": []}],
        "rules.update": [{"enabled": False}],
        "rules.delete": [{}],
        "rules.reorder": [{"ids": theirs.ids["rules"]}],
        "rules.dry-run": [{}, {"rule": [rule], "messages": 100}],
        "rules.apply": [{}],
        "drafts.edit": [{"text": "taken"}],
        "drafts.discard": [{}],
        "drafts.send": [{}],
        "dead-letters.retry": [{}],
        "auth.tokens.make": [{"name": "mine", "scope": "write"}],
        "everything.delete": [{"confirm": "delete everything"}],
    }
    if operation not in known:
        raise NotWalked(f"{operation} takes a body that the walk does not know: add it to `_bodies`")
    return known[operation]
