"""Who was killed for memory, and what the limit was: control group files of both versions, and a real kill."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.gate.cgroup import MemoryGroup
from tests.boot import APPS, Boot
from tests.conftest import WriteModule

MIB = 1 << 20
UNLIMITED_V1 = 9223372036854771712  # what memory.limit_in_bytes says where there is no limit
LIMIT_MIB = 96

# What /proc/self/cgroup says, and the folder below /sys/fs/cgroup that holds this process's group.
LAYOUTS = {
    "v2": ("0::/system.slice/app.service\n", "system.slice/app.service"),
    "v2, at the root": ("0::/\n", ""),
    "v2, in a container": ("0::/docker/4f2a\n", ""),
    "v1": ("5:cpu,cpuacct:/a\n4:memory:/docker/4f2a\n0::/\n", "memory/docker/4f2a"),
    "v1, with controllers together": ("3:hugetlb,memory:/a\n0::/a\n", "memory/a"),
    "v1, in a container": ("4:memory:/docker/4f2a\n1:name=systemd:/docker/4f2a\n0::/docker/4f2a\n", "memory"),
}


class Tree:
    """Control group files as a kernel would show them, in a folder."""

    def __init__(self, folder: Path, layout: str) -> None:
        membership, place = LAYOUTS[layout]
        self.root = folder / "cgroup"
        self.membership = folder / "membership"
        self.membership.write_text(membership)
        self.group = self.root / place
        self.group.mkdir(parents=True, exist_ok=True)
        self.v2 = layout.startswith("v2")
        self.kills(0)

    def kills(self, count: int) -> None:
        """So many of the group's processes were killed for memory so far."""
        if self.v2:
            text = f"low 0\nhigh 4\nmax 91\noom 7\noom_kill {count}\noom_group_kill 5\n"
            (self.group / "memory.events").write_text(text)
        else:
            (self.group / "memory.oom_control").write_text(f"oom_kill_disable 0\nunder_oom 0\noom_kill {count}\n")

    def limit(self, text: str, folder: Path | None = None) -> None:
        """The limit of the group, or of a folder above it."""
        ((folder or self.group) / ("memory.max" if self.v2 else "memory.limit_in_bytes")).write_text(f"{text}\n")

    def memory(self) -> MemoryGroup:
        """The group as the gate sees it."""
        return MemoryGroup(str(self.root), str(self.membership))


@pytest.fixture(params=LAYOUTS)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    """Each layout in turn."""
    return Tree(tmp_path, request.param)


def test_a_kill_is_noticed(tree: Tree) -> None:
    """One more kill than at the beginning is a kill."""
    memory = tree.memory()
    assert not memory.killed()
    tree.kills(1)
    assert memory.killed()


def test_kills_of_an_earlier_life_do_not_count(tree: Tree) -> None:
    """The counter of a container that was restarted in place goes on."""
    tree.kills(3)
    memory = tree.memory()
    assert not memory.killed()
    tree.kills(4)
    assert memory.killed()


def test_the_limit_is_in_mebibytes(tree: Tree) -> None:
    """The group's own limit, rounded down."""
    memory = tree.memory()
    assert memory.limit_mib() is None
    tree.limit(str(64 * MIB + MIB // 2))
    assert memory.limit_mib() == 64


def test_no_limit_is_none(tree: Tree) -> None:
    """Both versions have their own word for it."""
    tree.limit("max" if tree.v2 else str(UNLIMITED_V1))
    assert tree.memory().limit_mib() is None


@pytest.mark.parametrize("layout", ["v2", "v1"])
def test_the_smallest_limit_on_the_way_up_counts(layout: str, tmp_path: Path) -> None:
    """A pod's limit binds its containers, whatever they are given themselves."""
    tree = Tree(tmp_path, layout)
    tree.limit(str(512 * MIB))
    tree.limit(str(128 * MIB), tree.group.parent)
    assert tree.memory().limit_mib() == 128


@pytest.mark.parametrize("membership", ["", "garbage\n", "4:memory\n", "0::\n", "0::/gone\n", "4:memory:/gone\n", None])
def test_a_system_without_control_groups_has_no_kill_and_no_limit(membership: str | None, tmp_path: Path) -> None:
    """Missing and unreadable files are no error: nothing is known, and nothing is claimed."""
    file = tmp_path / "membership"
    if membership is not None:
        file.write_text(membership)
    memory = MemoryGroup(str(tmp_path / "cgroup"), str(file))
    assert not memory.killed()
    assert memory.limit_mib() is None


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_no_content_of_the_files_is_an_error(
    tmp_path_factory: pytest.TempPathFactory, events: bytes, limit: bytes
) -> None:
    """Whatever a kernel, or a file system that imitates one, has written there, the answers are answers."""
    tree = Tree(tmp_path_factory.mktemp("tree"), "v2")
    memory = tree.memory()
    (tree.group / "memory.events").write_bytes(events)
    (tree.group / "memory.max").write_bytes(limit)
    assert memory.killed() in (True, False)
    assert (memory.limit_mib() or 0) >= 0


@pytest.fixture
def limited() -> Iterator[tuple[str, ...]]:
    """The beginning of a command line that runs the rest in a real memory control group of LIMIT_MIB."""
    name, folder = f"airlock-test-{os.getpid()}", Path("/sys/fs/cgroup")
    limit = str(LIMIT_MIB * MIB)
    if (folder / "memory").is_dir():
        group, limits = folder / "memory" / name, {"memory.limit_in_bytes": limit, "memory.memsw.limit_in_bytes": limit}
    else:
        group, limits = folder / name, {"memory.max": limit, "memory.swap.max": "0"}
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no memory control group can be made here: {error}")
    try:
        for file, value in limits.items():
            if (group / file).exists():
                (group / file).write_text(value)
        if not any((group / file).exists() for file in limits):
            pytest.skip("the memory controller is not enabled for new control groups here")
        yield "sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"
    finally:
        group.rmdir()


def test_an_import_that_takes_all_memory_is_told_with_the_limit(
    limited: tuple[str, ...], write_module: WriteModule, tmp_path: Path
) -> None:
    """The kernel kills the child, not the gate; the report says that it was for memory, and how much there was."""
    write_module("victim", "import glutton\nglutton.eat()\n")
    contract = {"app": "plain:app", "critical_imports": ["victim"]}
    with Boot(contract, folder=tmp_path, path=(tmp_path, APPS), prefix=limited) as process:
        assert process.wait() == 1
    report = process.output
    assert "ERROR 1: import victim" in report
    assert f"for memory (OOM); its memory limit is {LIMIT_MIB} MiB" in report
    assert "1. raise the memory limit" in report
    assert "EXIT STATUS: 1" in report


def test_a_service_that_takes_all_memory_is_told_with_the_limit(limited: tuple[str, ...], tmp_path: Path) -> None:
    """After the hand-over the status is that of SIGKILL, and log and termination log say the same sentence."""
    log = tmp_path / "termination-log"
    env = {"TERMINATION_LOG": str(log)}
    with Boot({"app": "glutton:app"}, folder=tmp_path, prefix=limited, env=env) as process:
        process.wait_ready()
        with pytest.raises(OSError):
            process.get("/")
        assert process.wait() == 137
    sentence = rf"the service was killed .*for memory \(OOM\); its memory limit is {LIMIT_MIB} MiB"
    assert re.search(sentence, process.output), process.output
    assert re.search(sentence, log.read_text())
