"""What takes how much room: `python -m image.size TAG [TAG…]`, the first in full, the others' totals beside it.

Compressed is gzip at level 6, as engines push layers to a registry.
"""

from __future__ import annotations

import argparse
import io
import tarfile
import zlib
from typing import IO, TYPE_CHECKING

from image import archive, packages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image.archive import Entry, Image
    from image.packages import Package

LEVEL = 6
BIGGEST = 15
PARTS = (  # the first that begins a path names its part
    ("usr/bin/", "interpreter"),
    ("usr/lib/python3.", "standard library"),
    ("etc/ssl/", "certificates"),
    ("usr/share/zoneinfo/", "time zones"),
    ("usr/share/doc/", "licences"),
    ("var/lib/dpkg/", "package metadata"),
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m image.size", description=__doc__)
    parser.add_argument("tags", nargs="+", metavar="TAG", help="an image of the local engine")
    arguments = parser.parse_args()
    images = {tag: archive.save(tag) for tag in arguments.tags}
    sizes = {tag: layers(image) for tag, image in images.items()}
    totals = {
        tag: (plain_total(image), sum(small for _, small in sizes[tag].values())) for tag, image in images.items()
    }
    first, image = next(iter(images.items()))
    print(table(f"{first}: layer", sizes[first]))
    print(table("part", parts(image)))
    biggest = sorted(image.root.values(), key=lambda entry: -entry.size)[:BIGGEST]
    rows = {entry.path: (entry.size, compressed(image, [entry])) for entry in biggest}
    print(table("biggest files", rows, whole=totals[first]))
    if len(images) > 1:
        print(table("image", totals, whole=totals[first]))


def layers(image: Image) -> dict[str, tuple[int, int]]:
    """The bytes of each layer's tar, plain and compressed, by what made it."""
    made_by = [step.get("created_by", "") for step in image.config["history"] if not step.get("empty_layer")]
    sizes = {}
    for number, layer in enumerate(image.layers):
        words = made_by[number].split(" # ")[0] if number < len(made_by) else ""
        layer.tar.seek(0)
        sizes[f"{number} {words[:60]}".strip()] = (layer.size, squeeze(layer.tar))
    return sizes


def parts(image: Image) -> dict[str, tuple[int, int]]:
    """The bytes of the files of each part, plain and compressed as one tar."""
    owned = packages.owners(image, packages.packages(image))
    named: dict[str, list[Entry]] = {}
    for entry in image.root.values():
        if entry.kind == "file":
            named.setdefault(part(entry.path, owned.get(entry.path, [])), []).append(entry)
    return {
        name: (sum(entry.size for entry in entries), compressed(image, entries))
        for name, entries in sorted(named.items(), key=lambda item: -sum(entry.size for entry in item[1]))
    }


def part(path: str, listed: list[Package]) -> str:
    """The part to which a file belongs."""
    if any(package.kind == "pypi" for package in listed):
        return "the project" if any(package.name == "airlock" for package in listed) else "third-party distributions"
    for beginning, name in PARTS:
        if path.startswith(beginning):
            return name
    return "shared libraries" if ".so" in path else "other"


def plain_total(image: Image) -> int:
    """The bytes of all files that a container sees."""
    return sum(entry.size for entry in image.root.values())


def compressed(image: Image, entries: Iterable[Entry]) -> int:
    """The bytes of these files as a compressed tar."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for entry in entries:
            member = tarfile.TarInfo(entry.path)
            member.size = entry.size
            tar.addfile(member, io.BytesIO(image.read(entry.path)) if entry.size else None)
    file.seek(0)
    return squeeze(file)


def squeeze(file: IO[bytes]) -> int:
    """The bytes that the rest of a file has as gzip."""
    stream = zlib.compressobj(LEVEL, wbits=zlib.MAX_WBITS | 16)
    size = 0
    while chunk := file.read(1 << 20):
        size += len(stream.compress(chunk))
    return size + len(stream.flush())


def table(title: str, rows: dict[str, tuple[int, int]], whole: tuple[int, int] | None = None) -> str:
    """Rows of names and bytes; each beside the sum, or beside `whole`."""
    sums = whole or (sum(plain for plain, _ in rows.values()), sum(small for _, small in rows.values()))
    width = max(len(name) for name in [title, *rows])
    lines = [f"{title:<{width}}  {'bytes':>11}  {'gzip':>11}  {'of bytes':>8}  {'of gzip':>8}"]
    for name, (plain, small) in rows.items():
        share = f"{plain / (sums[0] or 1):8.2f}  {small / (sums[1] or 1):8.2f}"
        lines.append(f"{name:<{width}}  {plain:11,}  {small:11,}  {share}")
    if whole is None:
        lines.append(f"{'together':<{width}}  {sums[0]:11,}  {sums[1]:11,}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
