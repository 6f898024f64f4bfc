"""How much room an image takes, unpacked on a node and gzipped on the way there."""

from __future__ import annotations

import gzip
import json
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from tests.bench.image.engine import docker

if TYPE_CHECKING:
    from pathlib import Path

LEVEL = 6  # gzip's own default, and that of what pushes images
_CHUNK = 2**20


class Size(NamedTuple):
    """Bytes, summed over the layers."""

    unpacked: int
    gzipped: int


def size(image: str, folder: Path) -> Size:
    """Unpacked is the content of all regular files, as `docker images` counts; gzipped is each layer's tar."""
    archive = folder / "image.tar"
    docker("save", "--output", str(archive), image)
    with tarfile.open(archive) as saved:
        manifest = json.load(_file(saved, "manifest.json"))
        layers = [_layer(saved, name) for name in manifest[0]["Layers"]]
    archive.unlink()
    return Size(sum(layer.unpacked for layer in layers), sum(layer.gzipped for layer in layers))


def _layer(saved: tarfile.TarFile, name: str) -> Size:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    tar = _plain(_file(saved, name))
    gzipped = 0
    while chunk := tar.read(_CHUNK):
        gzipped += len(compressor.compress(chunk))
    gzipped += len(compressor.flush())
    with tarfile.open(fileobj=_plain(_file(saved, name)), mode="r|") as layer:
        return Size(sum(member.size for member in layer if member.isreg()), gzipped)


def _plain(file: IO[bytes]) -> IO[bytes]:
    """Newer engines save layers as they were pulled, compressed."""
    compressed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return cast("IO[bytes]", gzip.open(file)) if compressed else file


def _file(saved: tarfile.TarFile, name: str) -> IO[bytes]:
    file = saved.extractfile(name)
    assert file is not None, f"{name} in a saved image is no file"
    return file
