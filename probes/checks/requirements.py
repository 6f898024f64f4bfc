"""Requirements: what the application's distribution needs is installed, in versions that it accepts."""

from __future__ import annotations

import shlex
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from probes import Failure
from probes.checks import search_path
from probes.checks.distributions import Metadata, metadata, providing
from probes.checks.python_version import packaging_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import Distribution

    from packaging.requirements import Requirement


def check(package: str, warn: Callable[[str], None]) -> str:
    """The distribution that provides `package` has its requirements met, and they have theirs.

    Raises `Failure` that lists all that are missing or of a wrong version. A plain folder states no requirements.
    """
    spec = search_path.find(package)
    if spec is None:
        return f"{package} is not there to state requirements"
    root = providing(package, spec)
    if root is None:
        return f"{package} belongs to no installed distribution, so nothing states its requirements"
    try:
        import packaging.requirements  # noqa: F401
    except ImportError:
        raise packaging_missing() from None
    closure = _Closure(root, warn)
    if closure.problems:
        wanted = shlex.join(dict.fromkeys(closure.wanted))
        raise Failure(
            "\n".join(closure.problems),
            f"install what is wanted: `python -m pip install {wanted}`",
            "in an image: build it again from the project, so that its requirements are resolved together",
        )
    count = len(closure.found)
    return f"{_label(metadata(root))}: {count} requirement{'s' * (count != 1)} met"


class _Closure:
    """The requirements of a distribution, theirs, and so on; by the core metadata of each."""

    def __init__(self, root: Distribution, warn: Callable[[str], None]) -> None:
        self.found: dict[str, Metadata | None] = {}
        self.problems: list[str] = []
        self.wanted: list[str] = []
        self._warn = warn
        self._walk(metadata(root))

    def _walk(self, root: Metadata) -> None:
        from packaging.utils import canonicalize_name

        seen: set[tuple[str, frozenset[str]]] = set()
        pending = [(root, frozenset[str]())]
        while pending:
            wanter, extras = pending.pop()
            for requirement in self._requirements(wanter, extras):
                name = canonicalize_name(requirement.name)
                found = self._find(name)
                if problem := _problem(requirement, found):
                    self.problems.append(f"{_label(wanter)} wants {_text(requirement)}, {problem}")
                    self.wanted.append(_text(requirement))
                visit = (name, frozenset(requirement.extras))
                if found and visit not in seen:
                    seen.add(visit)
                    pending.append((found, visit[1]))

    def _find(self, name: str) -> Metadata | None:
        if name not in self.found:
            try:
                self.found[name] = metadata(distribution(name))
            except PackageNotFoundError:
                self.found[name] = None
        return self.found[name]

    def _requirements(self, wanter: Metadata, extras: frozenset[str]) -> Iterator[Requirement]:
        """What `wanter` requires here: on this Python and platform, with these extras."""
        from packaging.requirements import InvalidRequirement, Requirement

        for text in wanter.requires:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                self._warn(f"{_label(wanter)} wants {text!r}, which is no requirement of PEP 508: it is not checked")
                continue
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
                yield requirement


def _problem(requirement: Requirement, found: Metadata | None) -> str | None:
    from packaging.version import InvalidVersion

    if found is None:
        return "which is not installed"
    if not found.version:
        return "whose installed copy is damaged: it has no metadata"
    try:
        accepted = requirement.specifier.contains(found.version, prereleases=True)
    except InvalidVersion:
        accepted = False
    return None if accepted else f"but {found.version} is installed"


def _label(fields: Metadata) -> str:
    return f"{fields.name} {fields.version}"


def _text(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
