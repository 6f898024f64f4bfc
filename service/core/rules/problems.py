"""What is wrong with rules, told so that it can be put right: where, the value, and what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class RulesError(ValueError):
    """Rules that cannot be used; `problems` has a sentence for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass
class Place:
    """Where in the rules something is read, and the list that its problems go to."""

    path: str
    problems: list[str] = field(default_factory=list)

    def at(self, name: str) -> Place:
        """A place inside of this one."""
        return Place(f"{self.path}.{name}" if self.path else name, self.problems)

    def rejects(self, value: Any, accepted: str) -> None:
        """The value that stands here is not usable."""
        self.problems.append(f"{self.path}: {_shown(value)} is not usable: accepted is {accepted}")

    def lacks(self, accepted: str) -> None:
        """Nothing stands here, and something must."""
        self.problems.append(f"{self.path}: is missing: accepted is {accepted}")

    def knows(self, table: Any, names: Iterable[str]) -> bool:
        """Whether this is a table; a name in it that is none of these is a problem, with the nearest that is."""
        accepted = list(names)
        if not isinstance(table, dict):
            self.rejects(table, f"a table with {', '.join(accepted)}")
            return False
        for name in table:
            if name not in accepted:
                near = get_close_matches(str(name)[:40], accepted, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(accepted)}"
                self.problems.append(f"{self.path}: {_shown(name)} is unknown: {hint}")
        return True


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
