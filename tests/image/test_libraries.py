"""The programs and shared libraries in the image: stripped, and complete."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from image import archive
from tests.image.running import python

SYSTEM = re.compile(r"usr/lib/[^/]+-linux-gnu/")


@pytest.fixture(scope="module")
def libraries(contents: archive.Image) -> dict[str, ELFFile]:
    """Every ELF file of the image by its path."""
    files = (path for path, entry in contents.root.items() if entry.kind == "file")
    found = ((path, contents.read(path)) for path in files)
    return {path: ELFFile(io.BytesIO(content)) for path, content in found if content[:4] == b"\x7fELF"}


def test_they_are_stripped(libraries: dict[str, ELFFile]) -> None:
    """No table of symbols for linkers, and nothing for debuggers."""
    assert len(libraries) > 40
    sections = {path: [section.name for section in file.iter_sections()] for path, file in libraries.items()}
    assert [
        path for path, names in sections.items() if any(re.match(r"\.(symtab|debug)", name) for name in names)
    ] == []


def test_whatever_one_needs_is_there(libraries: dict[str, ELFFile], contents: archive.Image) -> None:
    """The loader finds every library."""
    names = {PurePath(path).name for path in contents.root}
    missing = [(path, name) for path, file in libraries.items() for name in needed(file) if name not in names]
    assert missing == []


def test_there_is_one_openssl(libraries: dict[str, ELFFile], contents: archive.Image, image: str) -> None:
    """Wheels use Debian's, which Debian mends; in a process that has loaded both users there is one."""
    assert [path for path in libraries if re.search(r"/lib(ssl|crypto)\b", path) and SYSTEM.match(path) is None] == []
    program = "import ssl, psycopg; print(open('/proc/self/maps').read())"
    mapped = {line.split()[-1] for line in python(image, program).splitlines() if "libcrypto" in line}
    assert len(mapped) == 1
    assert SYSTEM.match(mapped.pop().lstrip("/"))


def test_none_looks_for_libraries_where_somebody_could_write(libraries: dict[str, ELFFile]) -> None:
    """A path of its own for libraries is relative to the file, or below /usr/lib."""
    paths = {path: runpaths(file) for path, file in libraries.items()}
    assert {
        path: found for path, found in paths.items() if any(not re.match(r"\$ORIGIN|/usr/lib", p) for p in found)
    } == {}


def needed(file: ELFFile) -> list[str]:
    """The names of the libraries that the loader has to find for it."""
    return _told(file, "DT_NEEDED")


def runpaths(file: ELFFile) -> list[str]:
    """Where it tells the loader to look."""
    return [path for paths in _told(file, "DT_RPATH", "DT_RUNPATH") for path in paths.split(":")]


def _told(file: ELFFile, *tags: str) -> list[str]:
    """What the dynamic section says under these tags."""
    section = file.get_section_by_name(".dynamic")
    found = section.iter_tags() if isinstance(section, DynamicSection) else ()
    names = [(tag.entry.d_tag, tag) for tag in found]
    return [getattr(tag, name.removeprefix("DT_").lower()) for name, tag in names if name in tags]
