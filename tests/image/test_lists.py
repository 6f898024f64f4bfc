"""The lists that the image is made from, and those that packages bring into it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from image import debian, packages, pruned, sbom
from tests.image.build import ROOT
from tests.image.running import attempt

PACKAGES = ("debian-packages.txt", "requirements-debian.txt")
PRUNED = ("pruned.txt", "requirements-pruned.txt")

names = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,12}", fullmatch=True)
versions = st.from_regex(r"[0-9][A-Za-z0-9.+~:-]{0,12}", fullmatch=True)
words = st.from_regex(r"[!-~][ -~]{0,20}", fullmatch=True)
files = st.from_regex(r"[a-zA-Z0-9_+ ,\"'-][a-zA-Z0-9_. ,\"'+-]{0,10}", fullmatch=True)
digests = st.binary(max_size=8).map(lambda content: hashlib.md5(content, usedforsecurity=False).hexdigest())


@given(st.lists(st.tuples(names, versions, words)))
def test_pins_are_read_as_they_are_written(rows: list[tuple[str, str, str]]) -> None:
    """Every line `name=version  # reason` is a pin, between comments and empty lines."""
    lines = [f"{name}={version}   # {reason}" for name, version, reason in rows]
    assert debian.read_pins("# a comment\n\n" + "\n".join(lines)) == [debian.Pin(*row[:2]) for row in rows]


@given(st.text(st.characters(exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), min_size=1))
def test_any_other_line_is_refused_with_its_number(line: str) -> None:
    """No line is passed over in silence, and no text ends in anything but pins or that error."""
    assume(line.strip() and not line.startswith("#"))
    assume(not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+=\S+\s+# \S.*", line))
    with pytest.raises(SystemExit, match=r"^line 2: .* is not `name=version  # reason`$"):
        debian.read_pins(f"# first\n{line}\n")


@pytest.mark.parametrize("line", ["zlib1g=1.3", "zlib1g=1.3 #", "zlib1g # why", "zlib1g==1.3", " zlib1g=1 # why"])
def test_a_pin_needs_a_version_and_a_reason(line: str) -> None:
    """A line without either is refused."""
    with pytest.raises(SystemExit, match="line 1: "):
        debian.read_pins(line)


@given(st.lists(st.lists(st.from_regex(r"[a-z*][a-z/.*]{0,10}", fullmatch=True)), max_size=4))
def test_patterns_are_read_in_their_order(lines: list[list[str]]) -> None:
    """Several patterns a line, and none from a reason."""
    text = "\n".join(f"# why: usr/lib/not-this\n{' '.join(line)}\n" for line in lines)
    assert pruned.read_patterns(text) == [pattern for line in lines for pattern in line]


@given(st.dictionaries(files.map(str.strip).filter(bool), digests))
def test_checksums_of_debian_are_read_as_they_are_written(sums: dict[str, str]) -> None:
    """Two spaces stand between the checksum and a path, which may have spaces itself."""
    text = "".join(f"{digest}  {path}\n" for path, digest in sums.items())
    assert packages.read_sums(text) == {path: f"md5={digest}" for path, digest in sums.items()}


@given(st.text(st.characters(exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"), min_size=1))
def test_a_line_without_a_checksum_is_refused(line: str) -> None:
    """The error has the number of the line and the line."""
    assume(not re.fullmatch(r"[0-9a-f]{32}  \S.*", line))
    with pytest.raises(ValueError, match=r"^line 1: .* is not `MD5  PATH`$"):
        packages.read_sums(line)


@given(st.dictionaries(files.filter(lambda name: name not in (".", "..")), st.binary(max_size=8)))
def test_a_record_is_read_as_it_is_written(contents: dict[str, bytes]) -> None:
    """Paths are below the folder of the distributions, and have any characters that CSV quotes."""
    hashes = {name: base64.urlsafe_b64encode(content).decode().rstrip("=") for name, content in contents.items()}
    file = io.StringIO()
    csv.writer(file).writerows([name, f"sha256={digest}", "1"] for name, digest in hashes.items())
    record = packages.read_record(file.getvalue(), "usr/lib/site")
    assert record == {f"usr/lib/site/{name}": f"sha256={digest}" for name, digest in hashes.items()}


def test_a_record_may_leave_the_folder_of_its_distribution() -> None:
    """Scripts lie beside it."""
    assert packages.read_record("../../../bin/tool,,\n", "usr/local/lib/python3/site") == {"usr/local/bin/tool": ""}


@pytest.mark.parametrize("row", ["name", "name,sha256=x", ",,", "a,b,c,d"])
def test_a_row_that_is_no_record_is_refused(row: str) -> None:
    """The error has the number of the line and the row."""
    with pytest.raises(ValueError, match=re.escape(f"line 2: {row!r} is not `PATH,HASH,SIZE`")):
        packages.read_record(f"good,,\n{row}\n", "site")


@given(st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,8}(-[A-Z][a-z]{1,8})?", fullmatch=True), words.map(str.strip)))
def test_fields_are_read_as_they_are_written(fields: dict[str, str]) -> None:
    """A control file of Debian's and METADATA have the same form."""
    read = packages.read_fields("".join(f"{name}: {value}\n" for name, value in fields.items()))
    assert dict(read.items()) == fields


@given(st.lists(st.lists(st.tuples(names, st.sampled_from(["", ":any"]), st.none() | versions), min_size=1)))
def test_what_debian_packages_depend_on_is_read(groups: list[list[tuple[str, str, str | None]]]) -> None:
    """Alternatives, versions and architectures are no names."""
    relations = [
        " | ".join(f"{name}{any_} (>= {version})" if version else f"{name}{any_}" for name, any_, version in group)
        for group in groups
    ]
    fields = packages.read_fields(f"Package: a\nDepends: {', '.join(relations)}\n")
    package = packages.Package("deb", "a", "1", fields, (), {})
    assert list(sbom.requirements(package, "3.13")) == [name for group in groups for name, *_ in group]


def test_what_distributions_depend_on_is_what_the_images_python_installs() -> None:
    """Markers hold for Linux and the image's version, not for where the document is written; extras are left out."""
    text = "".join(
        f"Requires-Dist: {requirement}\n"
        for requirement in [
            "Zope.Interface>=1",
            "old; python_version < '3.13'",
            "exact; python_full_version == '3.13.5'",
            "windows; sys_platform == 'win32'",
            "more; extra == 'all'",
        ]
    )
    package = packages.Package("pypi", "a", "1", packages.read_fields(text), (), {})
    assert list(sbom.requirements(package, "3.13.5")) == ["zope-interface", "exact"]


def test_the_projects_own_lists_are_good() -> None:
    """Each package is pinned once, and each pattern is written once."""
    texts = [(ROOT / "image" / name).read_text() for name in PACKAGES]
    pins = [pin for text in texts for pin in debian.read_pins(text)]
    patterns = [p for name in PRUNED for p in pruned.read_patterns((ROOT / "image" / name).read_text())]
    assert len({pin.name for pin in pins}) == len(pins) > 0
    assert len(set(patterns)) == len(patterns) > 0


@pytest.mark.parametrize(
    ("there", "exact", "chosen"),
    [
        ("1.2-3", False, "1.2-3"),
        ("1.2-3", True, "1.2-3"),
        ("1.2-3+b7", True, "1.2-3+b7"),  # the same source, built again for one architecture
        ("1.2-3+deb13u1", False, "zlib1g: newer than the pinned 1.2-3"),
        ("1.2-3+deb13u1", True, "zlib1g: 1.2-3 is pinned, the archive has 1.2-3+deb13u1; if that will do, pin it"),
        ("1.2-2", False, "zlib1g: 1.2-3 is pinned, the archive has 1.2-2; if that will do, pin it"),
        ("1.2-3~rc1", False, "zlib1g: 1.2-3 is pinned, the archive has 1.2-3~rc1; if that will do, pin it"),
    ],
)
def test_an_older_package_is_refused_and_a_newer_one_is_told(
    there: str, exact: bool, chosen: str, build_image: str
) -> None:
    """As Debian itself orders versions; with `PINS=exact` a newer one is refused too."""
    program = f"from image.debian import *; print(choose(Pin('zlib1g', '1.2-3'), {there!r}, exact={exact}))"
    ran = attempt(build_image, program, "--entrypoint", "python3")
    assert chosen in (ran.stdout + ran.stderr).splitlines()
    assert (ran.returncode == 0) is ("archive has" not in chosen)


def test_a_package_that_the_archive_has_not_is_told(build_image: str) -> None:
    """The error says what to do."""
    ran = attempt(build_image, "from image.debian import *; available('no-such-package')", "--entrypoint", "python3")
    assert ran.returncode == 1
    assert ran.stderr == "no-such-package: the archive has no such package; take it out of the list, or name another\n"
