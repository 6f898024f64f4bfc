"""Two builds of one commit give the same content in every layer, and a difference of any kind is named."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image import archive, reproduce
from tests.image.build import ROOT

Members = list[tarfile.TarInfo]


def members() -> Members:
    """A layer with a folder, two files and a link in it."""
    made = [tarfile.TarInfo(name) for name in ("usr", "usr/a", "usr/b", "usr/l", ".wh.gone", "usr/.wh..wh..opq")]
    for member in made:
        member.mode, member.size = 0o644, 0
    made[0].type, made[0].mode = tarfile.DIRTYPE, 0o755
    made[3].type, made[3].linkname = tarfile.SYMTYPE, "a"
    return made


def layer(made: Members) -> archive.Layer:
    """The layer as it is read from its tar; a file's content is as many letters as it is long."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in made:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    file.seek(0)
    return archive.read_layer(file)


def changed(place: int, **values: object) -> Callable[[Members], None]:
    """A change of one member's attributes."""

    def change(made: Members) -> None:
        for name, value in values.items():
            setattr(made[place], name, value)

    return change


def without(place: int) -> Callable[[Members], None]:
    """A change that leaves a member out."""

    def change(made: Members) -> None:
        del made[place]

    return change


DIFFERENCES: dict[str, tuple[Callable[[Members], None], list[str]]] = {
    "mode": (changed(1, mode=0o600), ["usr/a: mode 0644 then 0600"]),
    "owner": (changed(1, uid=5), ["usr/a: uid 0 then 5"]),
    "group": (changed(1, gid=5), ["usr/a: gid 0 then 5"]),
    "time": (changed(0, mtime=7), ["usr: mtime 0 then 7"]),
    "link": (changed(3, linkname="b"), ["usr/l: target a then b"]),
    "type": (changed(1, type=tarfile.FIFOTYPE), ["usr/a: kind file then fifo", "usr/a: sha256 e3b0c44298"]),
    "content": (changed(1, size=1), ["usr/a: size 0 then 1", "usr/a: sha256 e3b0c44298"]),
    "attribute": (
        changed(1, pax_headers={"SCHILY.xattr.user.k": "v"}),
        ["usr/a: xattrs () then (('user.k', 'v'),)"],
    ),
    "missing": (without(2), ["usr/b is only in the first"]),
    "added": (lambda made: made.append(tarfile.TarInfo("new")), ["new is only in the second"]),
    "removed": (without(4), ["gone is removed only in the first"]),
    "emptied": (without(5), ["usr is emptied only in the first"]),
    "order": (lambda made: made.insert(1, made.pop(2)), ["the same paths are in another order"]),
}


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_a_difference_is_named(kind: str) -> None:
    """Each kind by the path and what it was and is."""
    change, sentences = DIFFERENCES[kind]
    made = members()
    change(made)
    found = list(reproduce.compare_layers(layer(members()), layer(made)))
    assert len(found) == len(sentences)
    assert all(one.startswith(sentence) for one, sentence in zip(found, sentences, strict=True))


def test_another_number_of_layers_is_a_difference() -> None:
    """Images are compared layer by layer, and the sentence has the layer's number."""
    one, other = members(), members()
    other[1].mode = 0o600
    first = archive.Image("", {}, [layer(one), layer(one)], {})
    second = archive.Image("", {}, [layer(one), layer(other), layer(one)], {})
    assert list(reproduce.compare(first, second)) == ["2 layers, then 3", "layer 1: usr/a: mode 0644 then 0600"]


@given(st.lists(st.sampled_from(sorted(DIFFERENCES)), unique=True, max_size=3))
def test_layers_are_equal_just_when_their_tars_are(kinds: list[str]) -> None:
    """Whatever is changed: no sentence for the same tar, at least one for another."""
    made = members()
    for kind in sorted(kinds, key=lambda kind: kind in ("missing", "removed", "emptied", "order")):
        if kind not in ("missing", "removed", "emptied", "order") or kinds == [kind]:
            DIFFERENCES[kind][0](made)
    one, other = layer(members()), layer(made)
    assert (one.digest == other.digest) is (list(reproduce.compare_layers(one, other)) == [])


def test_the_second_build_has_other_times_and_modes_and_no_caches(tmp_path: Path) -> None:
    """The same content, as from a fresh checkout of somebody who is careful."""
    folder = tmp_path / "context"
    reproduce.copy_context(folder)
    dockerfile = folder / "image/Dockerfile"
    before = dockerfile.read_text()
    reproduce.age(folder)
    reproduce.chill(dockerfile)
    assert sorted(path.name for path in folder.iterdir()) == [
        "LICENSE",
        "README.md",
        "image",
        "probes",
        "pyproject.toml",
        "service",
    ]
    assert (folder / "probes/cli.py").read_bytes() == (ROOT / "probes/cli.py").read_bytes()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")} == {0o600, 0o700}
    assert {path.stat().st_mtime for path in (folder / "probes").rglob("*")} == {981173106}
    after = dockerfile.read_text()
    assert "type=cache" not in after
    assert after.count("--mount=type=tmpfs,target=/") == before.count("--mount=type=")
    assert "--mount=type=tmpfs,target=/root/.cache/pip \\\n" in after


@pytest.mark.usefixtures("image")
def test_two_builds_of_a_commit_are_the_same() -> None:
    """One as developers build, one without any cache: every layer has the same digest, to the last bit."""
    command = [sys.executable, "-m", "image.reproduce", "--tag", "airlock:test-reproduce"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout
    *_, told, digests = ran.stdout.splitlines()
    assert told.startswith("airlock:test-reproduce-1 and airlock:test-reproduce-2: 5 layers, ")
    assert told.endswith(" entries, 0 differences")
    assert digests == "layers with the same digest: 5 of 5"
