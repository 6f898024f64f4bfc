"""Installed distributions: which one a module belongs to, and which are editable (PEP 660, direct_url.json)."""

from __future__ import annotations

import json
import os
from importlib.metadata import distributions
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from probes.checks import search_path

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from importlib.metadata import Distribution


class Metadata(NamedTuple):
    """What core metadata says of a distribution; empty where a damaged one says nothing."""

    name: str
    version: str
    requires: list[str]


def metadata(distribution: Distribution) -> Metadata:
    """The fields that matter here, read by hand: importlib.metadata parses all, the long description included."""
    text = _read(distribution, "METADATA") or _read(distribution, "PKG-INFO")
    fields: dict[str, list[str]] = {"Name": [], "Version": [], "Requires-Dist": []}
    for line in text.partition("\n\n")[0].splitlines():
        field, _, value = line.partition(":")
        if field in fields:
            fields[field].append(value.strip())
    return Metadata("".join(fields["Name"][:1]), "".join(fields["Version"][:1]), fields["Requires-Dist"])


def providing(package: str, spec: ModuleSpec) -> Distribution | None:
    """The distribution that installed the top-level `package`, as a copy or as an editable project."""
    for place in search_path.places(spec):
        top = os.path.dirname(place) if spec.submodule_search_locations and spec.origin else place
        for distribution in distributions(path=[os.path.dirname(top)]):
            if _installed(distribution, package):
                return distribution
        roots = {root: found for root, found in editable_roots().items() if search_path.is_within(place, root)}
        if roots:
            return roots[max(roots, key=len)]  # the innermost one, where projects lie inside each other
    return None


def editable_roots() -> dict[str, Distribution]:
    """The project directories of the editable installs, by their real paths."""
    roots: dict[str, Distribution] = {}
    for distribution in distributions():
        if root := editable_root(_read(distribution, "direct_url.json")):
            roots.setdefault(root, distribution)
    return roots


def editable_root(direct_url: str) -> str | None:
    """The project directory that the text of a direct_url.json (PEP 610) names, None unless that is editable."""
    try:
        record = json.loads(direct_url)
        url = urlsplit(record["url"])
        if record["dir_info"]["editable"] is True and url.scheme == "file":
            return os.path.realpath(unquote(url.path))
    except (ValueError, LookupError, TypeError, AttributeError):
        pass  # an archive's or a repository's, or damaged, or none at all
    return None


def _installed(distribution: Distribution, package: str) -> bool:
    if package in _read(distribution, "top_level.txt").split():
        return True
    record = "\n" + _read(distribution, "RECORD")
    return any(f"\n{package}{end}" in record for end in ("/", ".py,", ".cpython-", ".abi3."))


def _read(distribution: Distribution, file: str) -> str:
    try:
        return distribution.read_text(file) or ""
    except UnicodeDecodeError:
        return ""  # damaged: then it says nothing
