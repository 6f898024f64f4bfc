"""An image as plain records: its layers and the file system that they make together, read from `docker save`."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import posixpath
import stat
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field, replace
from typing import IO, Any

KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.CONTTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
    tarfile.FIFOTYPE: "fifo",
}
WHITEOUT = ".wh."  # the OCI image layer specification's names for what a layer removes
OPAQUE = ".wh..wh..opq"
XATTR = "SCHILY.xattr."


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a layer or an image. A hard link is the file that it is another name of."""

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    mtime: float
    size: int = 0
    sha256: str = ""
    target: str = ""
    xattrs: tuple[tuple[str, str], ...] = ()
    content: tuple[int, int] = field(default=(0, 0), repr=False, compare=False)  # which layer, and where in its tar


@dataclass(slots=True)
class Layer:
    """What one layer adds (`entries`), and what it takes away from those below: paths, and the insides of folders."""

    digest: str  # of the uncompressed tar: the `diff_id` of the image's configuration
    size: int
    tar: io.BytesIO = field(repr=False)
    entries: dict[str, Entry]
    removed: set[str]
    emptied: set[str]


@dataclass(slots=True)
class Image:
    """An image: `config` as the engine keeps it, `layers` from the lowest, and `root`, what a container sees."""

    id: str
    config: dict[str, Any]
    layers: list[Layer]
    root: dict[str, Entry]

    def read(self, path: str) -> bytes:
        """The content of a regular file of the root."""
        entry = self.root[path]
        if entry.kind != "file":
            raise IsADirectoryError(f"{path}: a {entry.kind}, not a file")
        layer, offset = entry.content
        tar = self.layers[layer].tar
        tar.seek(offset)
        return tar.read(entry.size)

    def resolve(self, path: str) -> str | None:
        """The path without symbolic links in it, or None when it leads nowhere."""
        links = 40  # as many as the kernel follows
        done = ""
        todo = path.split("/")
        while todo:
            name = todo.pop(0)
            if name in ("", "."):
                continue
            if name == "..":
                done = posixpath.dirname(done)
                continue
            step = posixpath.join(done, name)
            entry = self.root.get(step)
            if entry is None or not links:
                return None
            if entry.kind == "symlink":
                links -= 1
                done = "" if entry.target.startswith("/") else done
                todo = entry.target.split("/") + todo
            else:
                done = step
        return done


def save(tag: str) -> Image:
    """The image `tag` of the local engine. Raises SystemExit with the engine's words when it has none."""
    if ":" not in tag.rpartition("/")[2]:
        tag += ":latest"  # a bare name would save every tag of that name
    with tempfile.TemporaryFile() as file:
        saved = subprocess.run(["docker", "save", tag], check=False, stdout=file, stderr=subprocess.PIPE, text=True)
        if saved.returncode:
            raise SystemExit(f"docker save {tag}: {saved.stderr.strip()}; `docker images` lists what there is")
        file.seek(0)
        return read(file)


def read(file: IO[bytes]) -> Image:
    """The first image of a tar as `docker save` writes it, in the form of any engine. Raises ValueError for another."""
    with tarfile.open(fileobj=file) as tar:
        try:
            manifest = json.load(_member(tar, "manifest.json"))[0]
            raw = _member(tar, manifest["Config"]).read()
            layers = [read_layer(_member(tar, name), number) for number, name in enumerate(manifest["Layers"])]
        except KeyError as error:
            raise ValueError(f"not an image as `docker save` writes it: {error.args[0]} is missing") from None
    return Image(f"sha256:{hashlib.sha256(raw).hexdigest()}", json.loads(raw), layers, merge(layers))


def read_layer(file: IO[bytes], number: int = 0) -> Layer:
    """One layer from its tar, which may be compressed; `number` is its place in the image."""
    compressed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    plain = io.BytesIO((gzip.GzipFile(fileobj=file) if compressed else file).read())
    content = plain.getbuffer()
    layer = Layer(f"sha256:{hashlib.sha256(content).hexdigest()}", len(content), plain, {}, set(), set())
    with tarfile.open(fileobj=plain) as tar:
        for member in tar:
            path = posixpath.normpath(f"/{member.name}").strip("/")
            folder, name = posixpath.split(path)
            if name == OPAQUE:
                layer.emptied.add(folder)
            elif name.startswith(WHITEOUT):
                layer.removed.add(posixpath.join(folder, name.removeprefix(WHITEOUT)))
            elif path:
                layer.entries[path] = _entry(tar, member, path, number, layer.entries)
    return layer


def merge(layers: list[Layer]) -> dict[str, Entry]:
    """What is there when each layer has been put on those below it."""
    root: dict[str, Entry] = {}
    for layer in layers:
        gone = layer.removed | {path for path, entry in layer.entries.items() if entry.kind != "directory"}
        root = {path: entry for path, entry in root.items() if not _is_covered(path, gone, layer.emptied)}
        root |= layer.entries
    return dict(sorted(root.items()))


def _is_covered(path: str, gone: set[str], emptied: set[str]) -> bool:
    """Whether a path from below is itself gone, or lies in a folder that is gone or emptied."""
    if path in gone:
        return True
    while path:
        path = posixpath.dirname(path)
        if path in gone or path in emptied:
            return True
    return False


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo, path: str, number: int, known: dict[str, Entry]) -> Entry:
    if member.islnk():
        return replace(known[posixpath.normpath(f"/{member.linkname}").strip("/")], path=path)
    entry = Entry(
        path=path,
        kind=KINDS.get(member.type, f"entry of type {member.type!r}"),
        mode=stat.S_IMODE(member.mode),  # some engines write the type into it
        uid=member.uid,
        gid=member.gid,
        mtime=member.mtime,
        target=member.linkname,
        xattrs=tuple(
            sorted((key.removeprefix(XATTR), value) for key, value in member.pax_headers.items() if XATTR in key)
        ),
    )
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        return entry
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # it has a readinto
    return replace(entry, size=member.size, sha256=digest, content=(number, member.offset_data))


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the tar; links between members are followed. Raises KeyError with its name when it is not there."""
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise KeyError(name)
    return found
