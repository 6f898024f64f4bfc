"""What a container has in memory, seen from the host."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

CGROUPS = Path("/sys/fs/cgroup")


class Memory(NamedTuple):
    """Bytes: what the kernel charges the container with, and the shares of its processes (PSS, proc(5))."""

    working_set: float
    gate: float
    gate_private: float
    child: float

    @property
    def pss(self) -> float:
        """Of all processes."""
        return self.gate + self.child


def memory(pid: int) -> Memory:
    """Of the container whose first process is `pid`; in a peer the gate is only Hypercorn's first process."""
    group = _group(pid)
    others = [int(line) for line in (group / "cgroup.procs").read_text().split() if int(line) != pid]
    gate = _rollup(pid)
    private = gate["Private_Clean"] + gate["Private_Dirty"]
    return Memory(_working_set(group), gate["Pss"], private, sum(_rollup(other)["Pss"] for other in others))


def _group(pid: int) -> Path:
    """The folder of the control group that counts memory, version 1 or 2."""
    rows = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    paths = {name: path.lstrip("/") for _, controllers, path in rows for name in controllers.split(",")}
    return CGROUPS / "memory" / paths["memory"] if "memory" in paths else CGROUPS / paths[""]


def _working_set(group: Path) -> float:
    """What can't be had back for the asking, as `docker stats` and the kubelet count."""
    usage, inactive = "memory.current", "inactive_file"
    if not (group / usage).exists():
        usage, inactive = "memory.usage_in_bytes", "total_inactive_file"
    numbers = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    return float((group / usage).read_text()) - float(numbers[inactive])


def _rollup(pid: int) -> dict[str, float]:
    """The sums in smaps_rollup, in bytes."""
    lines = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]]
    return {name.rstrip(":"): 1024.0 * int(kibibytes) for name, kibibytes, _ in lines}
