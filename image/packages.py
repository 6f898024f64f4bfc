"""The packages in an image, Debian's and Python's, and which of its files belong to them."""

from __future__ import annotations

import base64
import csv
import email.parser
import hashlib
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from image.archive import Image

STATUS = "var/lib/dpkg/status.d"
OURS = {  # what the image's own build writes, beside packages
    "etc/group",
    "etc/nsswitch.conf",
    "etc/passwd",
    "usr/bin/python",
    "usr/bin/python3",
}


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A package as its metadata tell it: `fields` of the control file or METADATA, `files` with their checksums."""

    kind: str  # `deb` or `pypi`, as package URLs name them
    name: str
    version: str
    fields: Message
    metadata: tuple[str, ...]  # the files that make it a known package
    files: dict[str, str]

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def packages(image: Image) -> list[Package]:
    """Every package that a scanner would find in the image, by kind and name."""
    found = [*_debian(image), *_python(image)]
    return sorted(found, key=lambda package: (package.kind, package.name))


def read_fields(text: str) -> Message:
    """A control file or METADATA: fields as of RFC 822, with several of one name and continued lines."""
    return email.parser.HeaderParser().parsestr(text.strip("\n") + "\n")


def read_sums(text: str) -> dict[str, str]:
    """The lines `MD5  PATH` of Debian's md5sums. Raises ValueError for a line that is none."""
    files = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(r"([0-9a-f]{32})  (\S.*)", line)
        if match is None:
            raise ValueError(f"line {number}: {line!r} is not `MD5  PATH`")
        files[match[2]] = f"md5={match[1]}"
    return files


def read_record(text: str, site: str) -> dict[str, str]:
    """The rows `PATH,HASH,SIZE` of a RECORD below the folder `site`. Raises ValueError for a row that is none."""
    files = {}
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if len(row) != 3 or not row[0]:
            raise ValueError(f"line {number}: {','.join(row)!r} is not `PATH,HASH,SIZE`")
        files[posixpath.normpath(posixpath.join("/", site, row[0])).lstrip("/")] = row[1]
    return files


def owners(image: Image, known: list[Package]) -> dict[str, list[Package]]:
    """Whose each file and symbolic link is. A link is its target's: Debian lists none."""
    owned: dict[str, list[Package]] = {
        entry.path: [] for entry in image.root.values() if entry.kind != "directory" and entry.path not in OURS
    }
    for package in known:
        for path in {*package.files, *package.metadata} & owned.keys():
            owned[path].append(package)
    links = {path: image.resolve(path) for path, listed in owned.items() if _is_link(image, path) and not listed}
    for path, target in sorted(links.items(), key=lambda link: _is_folder(image, link[1])):
        behind = (found for place, found in owned.items() if found and f"{place}/".startswith(f"{target}/"))
        owned[path] = next(behind, [])
    return owned


def unaccounted(image: Image) -> Iterator[str]:
    """Where the packages and the files of the image do not tell the same story, a sentence each."""
    known = packages(image)
    owned = owners(image, known)
    for path, listed in owned.items():
        if not listed:
            yield f"{path} belongs to no package"
        if len(listed) > 1:
            yield f"{path} belongs to {' and '.join(map(str, listed))}"
    for package in known:
        there = [path for path in package.files if path in image.root]
        if not set(there) - set(package.metadata):
            yield f"{package} has no file in the image"
        for path in sorted(package.files.keys() - there):
            yield f"{package} lists {path}, which is not in the image"
        for path in there:
            if not _is_content(image, path, package.files[path]):
                yield f"{path} has not the content that {package} lists"


def _is_link(image: Image, path: str) -> bool:
    return image.root[path].kind == "symlink"


def _is_folder(image: Image, path: str | None) -> bool:
    return path is not None and path in image.root and image.root[path].kind == "directory"


def _is_content(image: Image, path: str, expected: str) -> bool:
    """Whether the checksum `ALGORITHM=DIGEST` is the file's; an empty one says nothing."""
    if not expected:
        return True
    if image.root[path].kind != "file":
        return False
    algorithm, _, digest = expected.partition("=")
    found = hashlib.new(algorithm, image.read(path), usedforsecurity=False)
    return digest in (found.hexdigest(), base64.urlsafe_b64encode(found.digest()).decode().rstrip("="))


def _debian(image: Image) -> Iterator[Package]:
    for path in image.root:
        if posixpath.dirname(path) == STATUS and not path.endswith(".md5sums"):
            fields = read_fields(image.read(path).decode())
            sums = f"{path}.md5sums"
            files = read_sums(image.read(sums).decode()) if sums in image.root else {}
            yield Package("deb", fields["Package"], fields["Version"], fields, (path, sums), files)


def _python(image: Image) -> Iterator[Package]:
    for path in image.root:
        folder, name = posixpath.split(path)
        if name == "METADATA" and folder.endswith(".dist-info"):
            fields = read_fields(image.read(path).decode())
            record = f"{folder}/RECORD"
            site = posixpath.dirname(folder)
            files = read_record(image.read(record).decode(), site) if record in image.root else {}
            version = fields["Version"]
            yield Package("pypi", canonicalize_name(fields["Name"]), version, fields, (path, record), files)
