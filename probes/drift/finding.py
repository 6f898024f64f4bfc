"""What a reader of deployment files yields: the starts that it saw, and what is wrong."""

from __future__ import annotations

from typing import NamedTuple

START = "python -m probes"
HEALTH = "python -m probes health"


class Place(NamedTuple):
    """A line of a file below the root."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Start(NamedTuple):
    """A place that starts the service, in the canonical way."""

    place: Place
    command: str


class Finding(NamedTuple):
    """Something that has drifted: where, what was found there, what it should be, and the way out."""

    place: Place
    found: str
    expected: str
    resolution: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; {self.expected}"


Seen = Start | Finding
