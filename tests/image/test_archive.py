"""Reading an image: the layers and what they make together are those that a container sees."""

from __future__ import annotations

import gzip
import io
import json
import posixpath
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image import archive
from tests.image.build import build
from tests.image.running import python

# The engine puts these into every container.
ENGINES = {
    ".dockerenv",
    "dev/console",
    "dev/pts",
    "dev/shm",
    "etc/hostname",
    "etc/hosts",
    "etc/mtab",
    "etc/resolv.conf",
}

Tree = dict[str, bytes | None]  # a folder has no content
names = st.sampled_from(["a", "b", "c", "wh", ".x"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A file system in which everything has its folders."""
    tree: Tree = {}
    for path, content in draw(st.dictionaries(paths, st.none() | st.binary(max_size=5), max_size=6)).items():
        folders = [folder for folder in _folders(path) if folder]
        if all(tree.get(folder) is None for folder in folders) and not any(p.startswith(f"{path}/") for p in tree):
            tree.update(dict.fromkeys(folders))
            tree.setdefault(path, content)
    return tree


@given(st.lists(st.tuples(trees(), st.booleans()), max_size=4))
def test_layers_make_the_last_state(states: list[tuple[Tree, bool]]) -> None:
    """Whatever a layer adds, replaces, removes or empties, the root is what the last one left."""
    before: Tree = {}
    layers = []
    for number, (after, opaque) in enumerate(states):
        layers.append(archive.read_layer(_difference(before, after, opaque=opaque), number))
        before = after
    image = archive.Image("", {}, layers, archive.merge(layers))
    assert {path: image.read(path) if entry.kind == "file" else None for path, entry in image.root.items()} == before


def test_an_entry_has_all_that_the_layer_says() -> None:
    """Modes, owners, times, links, sizes, checksums and extended attributes are kept, and a hard link is its file."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("./usr/tool")
        member.mode, member.uid, member.gid, member.mtime, member.size = 0o104755, 7, 8, 9, 5
        member.pax_headers = {"SCHILY.xattr.security.capability": "raw"}
        tar.addfile(member, io.BytesIO(b"hello"))
        for name, kind, target in [("other", tarfile.LNKTYPE, "./usr/tool"), ("link", tarfile.SYMTYPE, "usr/tool")]:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            tar.addfile(link)
    file.seek(0)
    layer = archive.read_layer(file)
    entry = layer.entries["usr/tool"]
    assert (entry.kind, oct(entry.mode), entry.uid, entry.gid, entry.mtime) == ("file", "0o4755", 7, 8, 9)
    assert (entry.size, entry.sha256[:8], entry.xattrs) == (5, "2cf24dba", (("security.capability", "raw"),))
    assert (layer.entries["link"].kind, layer.entries["link"].target) == ("symlink", "usr/tool")
    image = archive.Image("", {}, [layer], archive.merge([layer]))
    assert image.root["other"].kind == "file"
    assert image.read("other") == b"hello"


def test_a_compressed_layer_is_the_same() -> None:
    """Some engines save their layers compressed."""
    plain = _difference({}, {"a": b"1", "b": None}, opaque=False)
    packed = io.BytesIO(gzip.compress(plain.getvalue()))
    one, other = archive.read_layer(plain), archive.read_layer(packed)
    assert (one.digest, one.size, one.entries) == (other.digest, other.size, other.entries)


def test_a_layer_that_is_there_twice_may_be_saved_once() -> None:
    """Some engines write a link to the first in the place of the second."""
    file = io.BytesIO()
    manifest = json.dumps([{"Config": "config.json", "Layers": ["1/layer.tar", "2/layer.tar"]}]).encode()
    first = _difference({}, {"a": b"1"}, opaque=False).getvalue()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in {"manifest.json": manifest, "config.json": b"{}", "1/layer.tar": first}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("2/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../1/layer.tar"
        tar.addfile(link)
    file.seek(0)
    image = archive.read(file)
    assert image.layers[0].digest == image.layers[1].digest
    assert image.read("a") == b"1"


@pytest.mark.parametrize("missing", ["manifest.json", "config.json", "layer.tar"])
def test_what_is_no_image_is_told(missing: str) -> None:
    """The error names what is missing."""
    manifest = json.dumps([{"Config": "config.json", "Layers": ["layer.tar"]}]).encode()
    members = {"manifest.json": manifest, "config.json": b"{}", "layer.tar": _difference({}, {}, opaque=False).read()}
    file = _tar({name: content for name, content in members.items() if name != missing})
    with pytest.raises(ValueError, match=f"{missing} is missing"):
        archive.read(file)


@pytest.mark.usefixtures("image")
def test_an_image_that_is_not_there_is_told() -> None:
    """The error has the engine's words."""
    with pytest.raises(SystemExit, match=r"docker save no-such-image:latest: \S.*docker images"):
        archive.save("no-such-image")


def test_the_root_is_what_the_engine_exports(image: str, contents: archive.Image) -> None:
    """Every path of the image is as in a container of it."""
    assert _seen(contents) == _exported(image)


def test_a_name_without_a_tag_is_the_latest(image: str) -> None:
    """Other tags of the same name, which the engine would save with it, are left alone."""
    for tag, source in (("airlock-named:other", "debian:trixie-slim"), ("airlock-named:latest", image)):
        subprocess.run(["docker", "tag", source, tag], check=True)
    asked = subprocess.run(["docker", "image", "inspect", "--format", "{{.Id}}", image], capture_output=True, text=True)
    assert archive.save("airlock-named").id == asked.stdout.strip()


def test_what_layers_above_removed_is_gone(image: str, tmp_path: Path) -> None:
    """Files, folders and replaced folders, removed by the real engine's whiteouts."""
    program = (
        "import os, shutil; shutil.rmtree('/usr/share/zoneinfo/Europe'); os.unlink('/etc/group');"
        "shutil.rmtree('/usr/share/doc'); os.mkdir('/usr/share/doc'); open('/usr/share/doc/new', 'w').close();"
        "shutil.rmtree('/usr/share/zoneinfo/Asia'); os.symlink('Africa', '/usr/share/zoneinfo/Asia')"
    )
    (tmp_path / "Dockerfile").write_text(f'FROM {image}\nUSER 0\nRUN ["python", "-c", "{program}"]\n')
    tag = build("airlock:test-removed", file=tmp_path / "Dockerfile", context=tmp_path)
    contents = archive.save(tag)
    assert "etc/group" not in contents.root
    assert [path for path in contents.root if path.startswith("usr/share/doc/")] == ["usr/share/doc/new"]
    assert _seen(contents) == _exported(tag)


def test_links_lead_where_they_lead_in_a_container(image: str, contents: archive.Image) -> None:
    """Absolute and relative links, through folders that are links themselves."""
    links = [path for path, entry in contents.root.items() if entry.kind == "symlink"]
    links += ["lib/python3.13/os.pyc", "bin/../lib/./os-release", "etc/no-such-file", "bin/no/such"]
    program = (
        "import json, os, sys; real = os.path.realpath;"
        "print(json.dumps([real(path)[1:] if os.path.exists(path) else None for path in json.load(sys.stdin)]))"
    )
    seen = json.loads(python(image, program, stdin=json.dumps([f"/{path}" for path in links])))
    assert [contents.resolve(path) for path in links] == seen


def test_links_in_a_circle_lead_nowhere() -> None:
    """As the kernel does, reading gives up."""
    circle = {
        name: archive.Entry(name, "symlink", 0o777, 0, 0, 0, target=target) for name, target in [("a", "b"), ("b", "a")]
    }
    assert archive.Image("", {}, [], circle).resolve("a") is None


def _seen(contents: archive.Image) -> dict[str, tuple[object, ...]]:
    return {
        entry.path: (entry.kind, entry.mode, entry.uid, entry.gid, entry.size, entry.sha256, entry.target)
        for entry in contents.root.values()
        if entry.path not in ENGINES and entry.path not in ("dev", "etc")
    }


def _exported(tag: str) -> dict[str, tuple[object, ...]]:
    """What a container that never ran has, as `docker export` tells it: one layer without whiteouts."""
    container = subprocess.run(["docker", "create", tag], check=True, capture_output=True, text=True).stdout.strip()
    try:
        tar = subprocess.run(["docker", "export", container], check=True, capture_output=True).stdout
    finally:
        subprocess.run(["docker", "rm", container], check=True, capture_output=True)
    layer = archive.read_layer(io.BytesIO(tar))
    return _seen(archive.Image("", {}, [layer], layer.entries))


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:number]) for number in range(len(parts) + 1)]


def _difference(before: Tree, after: Tree, *, opaque: bool) -> io.BytesIO:
    """The layer between two states, as an engine writes it; `opaque` empties folders instead of naming what is gone."""
    members: Tree = {}
    kept = {folder for folder in ("", *after) if after.get(folder) is None and before.get(folder, None) is None}
    for folder in kept:
        gone = [path for path in before if posixpath.dirname(path) == folder and path not in after]
        if gone and opaque:
            members[posixpath.join(folder, archive.OPAQUE)] = b""
        else:
            members.update({posixpath.join(folder, f".wh.{posixpath.basename(path)}"): b"" for path in gone})
    return _tar(members | after)


def _tar(members: Tree) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for path, content in members.items():
            member = tarfile.TarInfo(path)
            member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
    file.seek(0)
    return file
