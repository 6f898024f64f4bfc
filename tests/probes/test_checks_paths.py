"""Path integrity: which entries of sys.path and which modules a forbidden name is found in, and which not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.probes.world import Outcome, World

if TYPE_CHECKING:
    from pathlib import Path

INNOCENT = Outcome("checking", "ok", "NoneType", [])


def test_a_forbidden_name_at_the_end_of_a_path_fails(tmp_path: Path) -> None:
    """Here PYTHONPATH brought it in, and says how to get rid of it."""
    world = World(tmp_path)
    src = world.write("code/src/demo.py").parent
    assert world.check(forbidden_paths=["src"], path=(src,))["paths"] == Outcome(
        "checking",
        "failed",
        f"{src} is on sys.path, and 'src' is forbidden there",
        [f"take {src} out of PYTHONPATH"],
    )


def test_the_working_directory_counts(tmp_path: Path) -> None:
    """`python -m` puts it on sys.path; with `-P` it doesn't."""
    world = World(tmp_path)
    src = world.write("code/src/demo.py").parent
    outcome = world.check(forbidden_paths=["src"], cwd=src)["paths"]
    assert outcome.resolution == [f"start from another directory than {src}: install the project, or start above it"]
    assert world.check(forbidden_paths=["src"], cwd=src, options=("-P",))["paths"] == INNOCENT


def test_a_pth_file_counts(tmp_path: Path) -> None:
    """The editable install of a project with a src folder puts just that on sys.path."""
    world = World(tmp_path)
    src = world.write("code/src/demo.py").parent
    world.write(str(world.site / "demo.pth"), str(src))
    assert world.check(forbidden_paths=["src"])["paths"].resolution == [
        f"take {src} out of the .pth file or the code that adds it to sys.path"
    ]


@pytest.mark.parametrize("folder", ["usr/src/app", "x/src.zip", "x/mysrc", "x/src2", "src/lib"])
def test_a_path_that_only_contains_the_name_is_innocent(tmp_path: Path, folder: str) -> None:
    """The whole last part counts, and nothing else."""
    world = World(tmp_path)
    entry = world.write(f"{folder}/demo.py").parent
    assert world.check(forbidden_paths=["src"], path=(entry,), cwd=entry)["paths"] == INNOCENT


def test_the_directories_of_installed_packages_are_innocent(tmp_path: Path) -> None:
    """Python's own and those inside site-packages, whatever they are called."""
    world = World(tmp_path)
    inside = world.write(str(world.site / "vendor" / "src" / "demo.py")).parent
    world.write(str(world.site / "vendor.pth"), str(inside))
    forbidden = ["src", "site-packages", "lib-dynload", f"python{world.site.parent.name[6:]}"]
    assert world.check(forbidden_paths=forbidden)["paths"] == INNOCENT


def test_an_importable_package_of_a_forbidden_name_fails(tmp_path: Path) -> None:
    """`import src.demo` works by accident where the service was started, and nowhere else."""
    world = World(tmp_path)
    init = world.write("project/src/__init__.py")
    assert world.check(forbidden_paths=["src"])["paths"] == Outcome(
        "checking",
        "failed",
        f"'src' is forbidden, but can be imported from {init}",
        [f"install what is in {init} as packages of their own, or start where it is not found"],
    )


def test_a_mere_directory_is_importable_too(tmp_path: Path) -> None:
    """As a namespace package, without any __init__.py."""
    world = World(tmp_path)
    folder = world.write("project/src/demo.py").parent
    assert world.check(forbidden_paths=["src"])["paths"].detail == (
        f"'src' is forbidden, but can be imported from {folder}"
    )


def test_all_forbidden_names_are_told_at_once(tmp_path: Path) -> None:
    """One line each."""
    world = World(tmp_path)
    src = world.write("project/src/demo.py").parent
    outcome = world.check(forbidden_paths=["lib", "src"], path=(src, world.write("x/lib/a.py").parent))["paths"]
    assert outcome.detail.splitlines() == [
        f"{world.folder / 'x' / 'lib'} is on sys.path, and 'lib' is forbidden there",
        f"{src} is on sys.path, and 'src' is forbidden there",
        f"'src' is forbidden, but can be imported from {src}",
    ]


def test_without_forbidden_names_there_is_nothing_to_check(tmp_path: Path) -> None:
    """The check is not even shown."""
    assert "paths" not in World(tmp_path).check()
