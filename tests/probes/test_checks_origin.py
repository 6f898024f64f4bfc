"""Origin: installed, improvised, or in the way of something else; told with the paths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.probes.world import Outcome, World

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = Outcome("checking", "ok", "NoneType", [])


def origin(world: World, **contract: Any) -> Outcome:
    """What becomes of the strict check of the origin of the package `demo`."""
    keys: dict[str, Any] = {"app": "demo:app", "strict_origin": True}
    return world.check(**(keys | contract))["origin"]


def install_finder(world: World, init: Path) -> None:
    """Have the environment find the package `demo` in `init` by a finder, as editable installs of some tools do."""
    world.write(
        str(world.site / "demo_finder.py"),
        "import importlib.util, sys\n"
        "class Finder:\n"
        "    def find_spec(name, path=None, target=None):\n"
        f"        return importlib.util.spec_from_file_location(name, {str(init)!r}) if name == 'demo' else None\n"
        "def install(): sys.meta_path.append(Finder)\n",
    )
    world.write(str(world.site / "demo.pth"), "import demo_finder; demo_finder.install()")


def test_an_installed_package_is_where_it_belongs(tmp_path: Path) -> None:
    """Copied into site-packages."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",))
    assert origin(world) == INSTALLED
    assert world.warnings == []


def test_a_package_installed_by_pip_is_where_it_belongs(tmp_path: Path) -> None:
    """Started anywhere but in its project."""
    world = World(tmp_path)
    world.pip_install("demo")
    assert origin(world) == INSTALLED


def test_an_editable_install_by_pip_counts_as_installed(tmp_path: Path) -> None:
    """Started in its project, elsewhere, or with PYTHONPATH naming the project once more."""
    world = World(tmp_path)
    project = world.pip_install("demo", "--editable")
    assert origin(world) == INSTALLED
    assert origin(world, cwd=project) == INSTALLED
    assert origin(world, path=(project,)) == INSTALLED
    assert world.warnings == []


def test_an_editable_install_by_a_finder_counts_as_installed(tmp_path: Path) -> None:
    """Some build tools map names to files by a finder of their own instead of a directory in a .pth file."""
    world = World(tmp_path)
    init = world.write("code/demo/__init__.py")
    install_finder(world, init)
    assert origin(world) == INSTALLED
    assert origin(world, cwd=init.parent.parent) == INSTALLED


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"url": "file:///", "dir_info": {"editable": false}}',
        '{"url": 5, "dir_info": {"editable": true}}',
        '{"url": "https://[", "dir_info": {}}',
        "{}",
    ],
)
def test_another_record_of_an_install_makes_nothing_editable(tmp_path: Path, record: str) -> None:
    """A copy's, a damaged one: the check goes on without it."""
    world = World(tmp_path)
    world.write("project/demo/__init__.py")
    (world.distribution("other") / "direct_url.json").write_text(record)
    assert origin(world).status == "failed"


def test_a_package_in_the_working_directory_is_a_warning(tmp_path: Path) -> None:
    """It shows the path; when the contract is strict it is an error."""
    world = World(tmp_path)
    init = world.write("project/demo/__init__.py")
    assert origin(world, strict_origin=False) == INSTALLED
    assert world.warnings == [f"'demo' is found only through the working directory: {init}"]
    assert origin(world) == Outcome(
        "checking",
        "failed",
        f"'demo' is found only through the working directory: {init}",
        ["install the project that it belongs to: `python -m pip install .`, or with `-e` while developing"],
    )


def test_a_package_on_pythonpath_is_a_warning(tmp_path: Path) -> None:
    """Told apart from the working directory; without `site` it would be just another directory."""
    world = World(tmp_path)
    init = world.write("code/demo/__init__.py")
    told = f"'demo' is found only through PYTHONPATH: {init}"
    assert origin(world, path=(tmp_path, init.parent.parent), strict_origin=False) == INSTALLED
    assert world.warnings == [told]
    assert origin(world, path=(tmp_path, init.parent.parent)).detail == told


def test_without_the_working_directory_it_is_no_origin(tmp_path: Path) -> None:
    """`-P` leaves it out, and PYTHONPATH then comes first."""
    world = World(tmp_path)
    init = world.write("project/demo/__init__.py")
    options = ("-P",)
    assert origin(world, options=options) == INSTALLED  # it is missing: that is the import's to tell
    assert origin(world, options=options, path=(world.project,)).detail == (
        f"'demo' is found only through PYTHONPATH: {init}"
    )


def test_a_directory_that_an_installed_file_names_too_is_installed(tmp_path: Path) -> None:
    """The entries are told apart by their position, not by their value."""
    world = World(tmp_path)
    world.write("project/demo/__init__.py")
    world.write(str(world.site / "demo.pth"), str(world.project))
    assert origin(world) == INSTALLED
    world.write(str(world.site / "demo.pth"), f"import sys; sys.path.append({str(world.project)!r})")
    assert origin(world, options=("-P",), path=(world.project,)) == INSTALLED


def test_the_environments_own_directory_stays_installed_on_pythonpath(tmp_path: Path) -> None:
    """Some launchers export it."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",))
    assert origin(world, path=(world.site,)) == INSTALLED


@pytest.mark.parametrize("strict", [True, False])
def test_a_package_that_shadows_the_installed_copy_is_an_error(tmp_path: Path, strict: bool) -> None:
    """Both paths are told: which one runs would depend on where it was started."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",))
    init = world.write("project/demo/__init__.py")
    assert origin(world, strict_origin=strict) == Outcome(
        "checking",
        "failed",
        f"'demo' at {init}, found through the working directory, "
        f"shadows the installed copy at {world.site / 'demo' / '__init__.py'}",
        [
            f"start where {init} is not found, or with `python -P -m probes`",
            "or install the project as an editable one, so that both are the same",
        ],
    )


@pytest.mark.parametrize("strict", [True, False])
def test_a_module_that_shadows_the_standard_library_is_an_error(tmp_path: Path, strict: bool) -> None:
    """Half of Python imports it."""
    world = World(tmp_path)
    queue = world.write("project/queue.py")
    assert origin(world, critical_imports=["queue"], strict_origin=strict) == Outcome(
        "checking",
        "failed",
        f"'queue' at {queue} shadows the standard library's module of that name",
        [f"rename {queue}, or start where it is not found"],
    )


def test_the_standard_library_itself_is_where_it_belongs(tmp_path: Path) -> None:
    """Built-in, frozen, in a file, a package, an extension module."""
    world = World(tmp_path)
    names = ["sys", "os", "queue", "json.decoder", "_json", "zipimport", "sqlite3"]
    assert origin(world, app="json:loads", critical_imports=names) == INSTALLED


def test_a_namespace_package_is_joined_and_not_shadowed(tmp_path: Path) -> None:
    """The part that nobody installed is told all the same."""
    world = World(tmp_path)
    world.write(str(world.site / "demo" / "installed.py"))
    assert origin(world) == INSTALLED
    stray = world.write("project/demo/own.py").parent
    assert origin(world).detail == f"'demo' is found only through the working directory: {stray}"


def test_a_directory_that_hides_a_finders_package_is_an_error(tmp_path: Path) -> None:
    """A folder named as the package, seen from above: it wins as a namespace package, and has nothing inside."""
    world = World(tmp_path)
    init = world.write("project/demo/demo/__init__.py")
    install_finder(world, init)
    world.distribution("demo", project=init.parent.parent)
    assert origin(world, strict_origin=False).detail == (
        f"'demo' at {init.parent.parent}, found through the working directory, shadows the installed copy at {init}"
    )


def test_every_package_that_the_contract_leans_on_is_told_once(tmp_path: Path) -> None:
    """Of the application, the critical imports and the checks, each by its top-level name."""
    world = World(tmp_path)
    for package in ("demo", "lib", "own"):
        world.write(f"project/{package}/__init__.py")
    outcome = origin(world, critical_imports=["lib.a", "lib.b", "json"], checks=["own.checks:one", "demo.checks:two"])
    assert [line.split("'")[1] for line in outcome.detail.splitlines()] == ["demo", "lib", "own"]
    assert len(outcome.resolution) == 1
