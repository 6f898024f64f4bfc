"""Whether the kernel killed somebody for memory, read from the control group (v2 and v1). Standard library only.

Sources: Linux admin-guide/cgroup-v2.rst (memory.events, memory.max), cgroup-v1/memory.rst (memory.oom_control).
"""

from __future__ import annotations

import os

_UNLIMITED = 1 << 60


class MemoryGroup:
    """The memory control group of this process, as far as this process can see it.

    `kills_before` is how many OOM kills there had been in it; by default all those that are counted now.
    """

    def __init__(
        self, root: str = "/sys/fs/cgroup", membership: str = "/proc/self/cgroup", kills_before: int | None = None
    ) -> None:
        self._events, self._limits = _locate(root, membership)
        self.kills_before = self._kills() if kills_before is None else kills_before

    def killed(self) -> bool:
        """Whether there was an OOM kill in the group since then."""
        return self._kills() > self.kills_before

    def limit_mib(self) -> int | None:
        """The smallest limit in force, in MiB; None when there is none."""
        limits = [int(text) for path in self._limits if (text := _read(path).strip()).isdigit()]
        smallest = min(limits, default=_UNLIMITED)
        return smallest // (1 << 20) if smallest < _UNLIMITED else None

    def _kills(self) -> int:
        for line in _read(self._events).splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill" and count.isdigit():
                return int(count)
        return 0


def _locate(root: str, membership: str) -> tuple[str, list[str]]:
    """The file that counts kills, and the files that hold limits, from the group up to the visible root."""
    for line in _read(membership).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers == "" and path:
            base, events, limit = root, "memory.events", "memory.max"
        elif "memory" in controllers.split(","):
            base, events, limit = os.path.join(root, "memory"), "memory.oom_control", "memory.limit_in_bytes"
        else:
            continue
        folder = os.path.join(base, path.lstrip("/"))
        if not os.path.exists(os.path.join(folder, events)):
            folder = base  # inside a container the group's own folder is mounted as the root
        if not os.path.exists(os.path.join(folder, events)):
            continue
        return os.path.join(folder, events), [os.path.join(place, limit) for place in _upwards(folder, base)]
    return "", []


def _upwards(folder: str, base: str) -> list[str]:
    places = [folder]
    while places[-1].startswith(base + "/"):
        places.append(os.path.dirname(places[-1].rstrip("/")))
    return places


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
