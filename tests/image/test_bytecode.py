"""The modules in the image: all compiled, none compared with a source at import time, sources for our own alone."""

from __future__ import annotations

import json
import posixpath
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from image import archive, bytecode
from tests.image.build import ROOT, build
from tests.image.running import attempt, python
from tests.image.test_structure import OURS, SITE

UNCHECKED = 0b01  # PEP 552: a hash of the source, that nobody compares


def compiled(contents: archive.Image) -> Iterator[str]:
    """Every file of bytecode."""
    return (path for path in contents.root if path.endswith(".pyc"))


def wrong_kind(contents: archive.Image) -> list[str]:
    """Bytecode that is compared with its source, or has no hash of one."""
    headers = {path: contents.read(path)[:16] for path in compiled(contents)}
    return [
        path
        for path, header in headers.items()
        if int.from_bytes(header[4:8], "little") != UNCHECKED or not any(header[8:])
    ]


def test_all_bytecode_has_an_unchecked_hash(contents: archive.Image) -> None:
    """Nothing is looked up or compared at import time, so that times and layers do not matter."""
    assert len(list(compiled(contents))) > 800
    assert wrong_kind(contents) == []


def test_other_bytecode_would_be_found(image: str, tmp_path: Path) -> None:
    """Neither bytecode with a time nor a checked hash passes."""
    (tmp_path / "time.pyc").write_bytes(b"\xf3\r\r\n" + bytes(4) + b"time" + b"size")
    (tmp_path / "checked.pyc").write_bytes(b"\xf3\r\r\n\x03\0\0\0" + b"12345678")
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nCOPY *.pyc /usr/lib/\n")
    tag = build("airlock:test-bytecode", file=tmp_path / "Dockerfile", context=tmp_path)
    assert wrong_kind(archive.save(tag)) == ["usr/lib/checked.pyc", "usr/lib/time.pyc"]


def test_our_own_modules_have_their_sources_and_their_bytecode(contents: archive.Image) -> None:
    """A traceback shows our lines, and no import of ours compiles."""
    sources = {path for path in contents.root if path.startswith(OURS) and path.endswith(".py")}
    assert f"{SITE}/probes/__main__.py" in sources
    assert {_source(path) for path in compiled(contents) if path.startswith(OURS)} == sources


def test_bytecode_without_a_source_stands_where_the_source_stood(contents: archive.Image) -> None:
    """Python does not look into `__pycache__` for a module without a source."""
    assert [path for path in contents.root if "__pycache__" in path and not path.startswith(OURS)] == []


def test_our_bytecode_is_that_of_our_sources(image: str, contents: archive.Image) -> None:
    """Nobody compares the hash at import time, so this does: in the image, by its interpreter."""
    ours = [f"/{path}" for path in compiled(contents) if path.startswith(OURS)]
    program = (
        "import json, sys; from importlib.util import source_from_cache, source_hash\n"
        "def read(path): return open(path, 'rb').read()\n"
        "def true(path): return source_hash(read(source_from_cache(path))) == read(path)[8:16]\n"
        "print(json.dumps([path for path in json.load(sys.stdin) if not true(path)]))"
    )
    assert json.loads(python(image, program, stdin=json.dumps(ours))) == []


def test_bytecode_tells_the_paths_that_it_has_in_the_image(image: str, contents: archive.Image) -> None:
    """Tracebacks name files where they are, and nothing of the build."""
    program = (
        "import json, marshal, sys\n"
        "def told(path): return marshal.loads(open(path, 'rb').read()[16:]).co_filename\n"
        "print(json.dumps({path: told(path) for path in json.load(sys.stdin)}))"
    )
    told = json.loads(python(image, program, stdin=json.dumps([f"/{path}" for path in compiled(contents)])))
    assert {path: name for path, name in told.items() if name != f"/{_source(path[1:])}"} == {}


@pytest.mark.parametrize("optimisation", [[], ["-O"]])
def test_nothing_is_compiled_when_it_runs(optimisation: list[str], image: str) -> None:
    """Not even as root is anything written: there is no cache of bytecode to fill."""
    options = [*(f"--env=PYTHONOPTIMIZE={1}" for _ in optimisation), "--user=0"]
    program = "import sys, service.app; print(sys.dont_write_bytecode)"
    assert python(image, program, *options) == "True\n"


DOCUMENTED = """
from __future__ import annotations
class Class:
    "Words."
    attribute: int = 1
    def method(self):
        "Words."
        assert self.attribute == 1, "the assertion stays"
        return "words"
async def function():
    "Words."
    "more of them"
"""


@pytest.mark.parametrize("first", ["", "'Words.'"])
def test_of_docstrings_a_dot_is_left_and_all_else_stays(first: str, tmp_path: Path) -> None:
    """A module means the same: texts, assertions, future statements and lines."""
    (tmp_path / "module.pyc").write_bytes(bytecode.compiled(f"{first}{DOCUMENTED}".encode(), "/module.py"))
    names = runpy.run_path(str(tmp_path / "module.pyc"))
    assert names.get("__doc__") == ("." if first else None)
    assert names["Class"].__doc__ == names["Class"].method.__doc__ == names["function"].__doc__ == "."
    assert names["Class"].__annotations__ == {"attribute": "int"}
    assert names["Class"]().method() == "words"
    names["Class"].attribute = 2
    with pytest.raises(AssertionError, match="the assertion stays") as raised:
        names["Class"]().method()
    assert raised.traceback[-1].lineno + 1 == 8


def test_a_module_that_does_not_compile_is_named(tmp_path: Path) -> None:
    """The others are compiled all the same, and the exit status is 1."""
    (tmp_path / "bad.py").write_text("def (:\n")
    (tmp_path / "good.py").write_text("")
    command = [sys.executable, "-m", "image.bytecode", str(tmp_path), str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "bad.py, line 1" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["good.pyc"]


def test_the_standard_library_keeps_its_assertions(image: str) -> None:
    """One of its own fails in the image as it does elsewhere; of its docstrings a dot is left."""
    ran = attempt(image, "import threading; print(threading.Thread.__doc__); threading.Thread(group=1)")
    assert ran.stdout == ".\n"
    assert "AssertionError: group argument must be None" in ran.stderr


def _source(path: str) -> str:
    """Where the source of a file of bytecode stands, or stood."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder.removesuffix("/__pycache__"), f"{name.split('.')[0]}.py")
