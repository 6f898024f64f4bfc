"""The programs and shared libraries in the image: stripped, and complete but for what is documented."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from image import archive
from tests.image.build import ROOT

# image/README.md says how an application of one's own brings these.
WITHOUT = {"_bz2": "libbz2.so.1.0", "_lzma": "liblzma.so.5", "_sqlite3": "libsqlite3.so.0"}


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
    """The loader finds every library, but for the modules that the README names."""
    names = {PurePath(path).name for path in contents.root}
    missing = {
        (PurePath(path).name.split(".")[0], name)
        for path, file in libraries.items()
        for name in needed(file)
        if name not in names
    }
    assert missing == set(WITHOUT.items())


@pytest.mark.parametrize("module", WITHOUT)
def test_a_module_without_its_library_is_documented(module: str) -> None:
    """Its name stands in the README."""
    assert f"`{module.lstrip('_')}`" in (ROOT / "image/README.md").read_text()


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
