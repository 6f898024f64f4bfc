"""Critical imports: whatever an import ends with, its cause is told, and the next check runs."""

from __future__ import annotations

import importlib.machinery
import sysconfig
from pathlib import Path

import pytest

from probes.imports import import_module
from tests.probes.world import Outcome, World


def imported(world: World, name: str = "lib") -> Outcome:
    """What becomes of the critical import `name`; the one after it is not kept from running."""
    outcomes = world.check(critical_imports=[name, "json"])
    assert outcomes["import json"] == Outcome("importing", "ok", "NoneType", [])
    return outcomes[f"import {name}"]


def test_a_module_that_is_missing_is_named(tmp_path: Path) -> None:
    """With what to install, and where this is, in case it is code of one's own."""
    world = World(tmp_path)
    assert imported(world, "zzzzzz") == Outcome(
        "importing",
        "failed",
        "zzzzzz cannot be imported: there is no module named 'zzzzzz' on sys.path",
        [
            (
                f"install the distribution that provides 'zzzzzz' into {world.folder / 'venv'}, "
                "and name it in the dependencies"
            ),
            f"if it is code of yours, start where it lies: this is {world.project}",
        ],
    )


def test_a_misspelt_module_gets_the_nearest_that_exists(tmp_path: Path) -> None:
    """At the top level."""
    world = World(tmp_path)
    world.write("project/starlette/__init__.py")
    outcome = imported(world, "starlete.routing")
    assert outcome.detail == "starlete.routing cannot be imported: there is no module named 'starlete' on sys.path"
    assert outcome.resolution[0] == "if the name is misspelt: the nearest one that exists is 'starlette'"


def test_a_misspelt_submodule_gets_the_nearest_of_its_package(tmp_path: Path) -> None:
    """The package itself is there."""
    world = World(tmp_path)
    world.write("project/lib/__init__.py")
    world.write("project/lib/routing.py")
    outcome = imported(world, "lib.rooting")
    assert outcome.detail == "lib.rooting cannot be imported: there is no module named 'lib.rooting' on sys.path"
    assert outcome.resolution[0] == "if the name is misspelt: the nearest one that exists is 'lib.routing'"


def test_a_submodule_of_what_is_no_package_says_so(tmp_path: Path) -> None:
    """A file `lib.py` in the place of a package `lib` is easily made."""
    world = World(tmp_path)
    world.write("project/lib.py")
    assert imported(world, "lib.routing").detail == (
        "lib.routing cannot be imported: 'lib' is not a package, so it has no 'lib.routing'"
    )


def test_a_missing_module_further_in_is_told_with_the_line_that_imports_it(tmp_path: Path) -> None:
    """The module itself is there; what it leans on is not."""
    world = World(tmp_path)
    world.write("project/lib/__init__.py", "import json\nfrom lib import inner\n")
    inner = world.write("project/lib/inner.py", "import json\n\nimport zzzzzz.sub\n")
    outcome = imported(world)
    assert outcome.detail == (
        f"lib cannot be imported: {inner}:3 imports 'zzzzzz', and there is no such module on sys.path"
    )
    assert outcome.resolution == [
        (
            f"install the distribution that provides 'zzzzzz' into {world.folder / 'venv'}, "
            "and name it in the dependencies"
        ),
        f"if 'zzzzzz' is optional, have {inner}:3 do without it",
    ]


def test_a_package_that_misses_a_module_of_its_own_is_not_called_missing(tmp_path: Path) -> None:
    """The name begins with the package's, the fault lies inside."""
    world = World(tmp_path)
    init = world.write("project/lib/__init__.py", "import lib.gone\n")
    assert imported(world).detail == (
        f"lib cannot be imported: {init}:1 imports 'lib.gone', and there is no such module on sys.path"
    )


def test_a_name_that_cannot_be_imported_is_told_with_both_modules(tmp_path: Path) -> None:
    """Mostly the other module has another version."""
    world = World(tmp_path)
    lib = world.write("project/lib.py", "from other import gone\n")
    other = world.write("project/other.py")
    outcome = imported(world)
    assert outcome.detail == (f"lib cannot be imported: {lib}:1: cannot import name 'gone' from 'other' ({other})")
    assert outcome.resolution[0] == "install the version of 'other' that the importing code was written for"


def test_a_circular_import_is_told_from_an_old_version(tmp_path: Path) -> None:
    """No installation mends it."""
    world = World(tmp_path)
    world.write("project/lib.py", "from other import name\n")
    world.write("project/other.py", "from lib import thing\nname = 1\n")
    outcome = imported(world)
    assert "cannot import name 'thing' from partially initialized module 'lib'" in outcome.detail
    assert outcome.resolution == ["break the circle: import the one module inside the function that needs it"]


def extension_needing(folder: Path, library: bytes) -> Path:
    """A real extension module `lib` in `folder` that needs `library`, made from one that needs the C library."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    folders = [sysconfig.get_path("platlib"), sysconfig.get_config_var("DESTSHARED")]
    originals = (file for place in folders for file in Path(place).rglob("*.so"))
    original = next(data for file in originals if b"\0libc.so.6\0" in (data := file.read_bytes()))
    extension = folder / f"lib{suffix}"
    extension.write_bytes(original.replace(b"\0libc.so.6\0", b"\0" + library + b"\0"))
    return extension


def test_a_missing_shared_library_is_named_with_what_needs_it(tmp_path: Path) -> None:
    """A wheel that is there but lacks a system package."""
    world = World(tmp_path)
    extension = extension_needing(world.project, b"libq.so.6")
    assert imported(world) == Outcome(
        "importing",
        "failed",
        f"lib cannot be imported: the shared library libq.so.6 is missing, and {extension} needs it",
        [
            "install the system package that provides libq.so.6, in the image too",
            f"or install a wheel that brings it along; `ldd {extension}` lists all that is missing",
        ],
    )


def test_a_library_loaded_by_hand_is_told_in_the_same_way(tmp_path: Path) -> None:
    """ctypes raises OSError for it."""
    world = World(tmp_path)
    lib = world.write("project/lib.py", "import ctypes\nctypes.CDLL('libq.so.6')\n")
    detail = imported(world).detail
    assert detail.startswith("lib cannot be imported: the shared library libq.so.6 is missing, and ")
    assert str(lib) in detail or "ctypes/__init__.py" in detail


def test_a_syntax_error_is_told_with_file_line_and_text(tmp_path: Path) -> None:
    """Wherever the file is."""
    world = World(tmp_path)
    world.write("project/lib.py", "import other\n")
    other = world.write("project/other.py", "x = 1\ndef broken(:\n    pass\n")
    outcome = imported(world)
    assert outcome.detail == (f"lib cannot be imported: syntax error in {other}, line 2: invalid syntax: def broken(:")
    assert outcome.resolution[0] == f"mend {other}, line 2"


def test_an_exception_is_told_with_its_innermost_line(tmp_path: Path) -> None:
    """Type, message and place."""
    world = World(tmp_path)
    world.write("project/lib.py", "import other\n\nother.load()\n")
    other = world.write("project/other.py", "def load():\n    raise RuntimeError('no DATABASE_URL')\n")
    outcome = imported(world)
    assert outcome.detail == f"lib cannot be imported: it raises at {other}:2: RuntimeError: no DATABASE_URL"
    assert outcome.resolution == [
        f"mend the cause; `{world.python} -c 'import lib'` shows the whole traceback",
        "if it needs a variable or a connection, ask for it when the application starts, not when it is imported",
    ]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise ModuleNotFoundError('install the extra [x]')", "ModuleNotFoundError: install the extra [x]"),
        ("raise ImportError", "ImportError"),
        ("class E(Exception):\n  def __str__(self): 1/0\nraise E", "lib.E: <exception str() failed>"),
        ("raise ValueError('x' * 5000)", f"ValueError: {'x' * 1988}…"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise ExceptionGroup('two', [ValueError()])", "ExceptionGroup: two (1 sub-exception)"),
    ],
)
def test_whatever_is_raised_is_told_in_its_own_words(tmp_path: Path, code: str, told: str) -> None:
    """An import error that someone wrote by hand is not taken for a missing module."""
    world = World(tmp_path)
    lib = world.write("project/lib.py", code)
    line = code.count("\n") + 1
    assert imported(world).detail == f"lib cannot be imported: it raises at {lib}:{line}: {told}"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("sys.exit(3)", "status 3"),
        ("sys.exit()", "status 0"),
        ("sys.exit('no licence')", "status 1, saying 'no licence',"),
    ],
)
def test_an_exit_is_told_with_its_status(tmp_path: Path, code: str, told: str) -> None:
    """An import that ends the program does not end the boot without a word."""
    world = World(tmp_path)
    lib = world.write("project/lib.py", f"import sys\n{code}\n")
    assert imported(world).detail == f"lib cannot be imported: it exits with {told} at {lib}:2"


def test_an_interrupt_is_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during an import ends the program, as everywhere."""
    (tmp_path / "interrupted_lib.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        import_module("interrupted_lib")
