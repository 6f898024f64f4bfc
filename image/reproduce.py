"""Build the image twice, the second time without any cache, and compare: `python -m image.reproduce`.

The second build has the same sources at another time, under another umask. Exit status 0: every layer has the same
files, with the same content, mode, owner, time, type and links; 1: they differ, and it says where.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from image import archive
from image.archive import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image.archive import Image, Layer

ROOT = Path(__file__).parents[1]
HERE = Path("image")
CACHE = re.compile(r"--mount=type=cache,target=([^,\s]+)\S*")
COMPARED = [field.name for field in fields(Entry) if field.compare and field.name != "path"]


def main() -> int:
    """Build, compare, and print what was seen."""
    parser = argparse.ArgumentParser(prog="python -m image.reproduce", description=__doc__)
    parser.add_argument("--tag", default="airlock:reproduce", help="the images are TAG-1 and TAG-2 (%(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contexts = [Path(folder) / "first", Path(folder) / "second"]
        copy_context(contexts[0])
        shutil.copytree(contexts[0], contexts[1])
        age(contexts[1])
        chill(contexts[1] / HERE / "Dockerfile")
        options = ["--build-arg", f"SOURCE_DATE_EPOCH={commit_time()}"]
        tags = [f"{arguments.tag}-1", f"{arguments.tag}-2"]
        build(contexts[0], tags[0], *options)
        build(contexts[1], tags[1], *options, "--no-cache")
    images = [archive.save(tag) for tag in tags]
    differences = list(compare(*images))
    for difference in differences:
        print(difference)
    layers, files = len(images[0].layers), sum(len(layer.entries) for layer in images[0].layers)
    print(f"{tags[0]} and {tags[1]}: {layers} layers, {files} entries, {len(differences)} differences")
    digests = [[layer.digest for layer in image.layers] for image in images]
    equal = sum(one == other for one, other in zip(*digests, strict=False))
    print(f"layers with the same digest: {equal} of {layers}")
    return 1 if differences else 0


def copy_context(folder: Path) -> None:
    """Copy what a build may see, so that nobody changes it between two builds."""
    for line in (ROOT / HERE / "Dockerfile.dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, target = ROOT / line[1:], folder / line[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, target)


def age(folder: Path) -> None:
    """Give everything another time, and the modes of a checkout under umask 077."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (981173106, 981173106))


def chill(dockerfile: Path) -> None:
    """Put an empty folder in memory where a build keeps a cache: `--no-cache` leaves those as they are."""
    dockerfile.write_text(CACHE.sub(r"--mount=type=tmpfs,target=\1", dockerfile.read_text()))


def commit_time() -> str:
    """When the commit was made, in seconds; 0 without one."""
    shown = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=False, capture_output=True, text=True)
    return shown.stdout.strip() or "0"


def build(context: Path, tag: str, *options: str) -> None:
    """Build an image. Raises SystemExit when that fails; the build has said why."""
    command = ["docker", "build", "--progress=plain", "--tag", tag, "--file", "image/Dockerfile", *options, "."]
    if subprocess.run(command, cwd=context, check=False, env={**os.environ, "DOCKER_BUILDKIT": "1"}).returncode:
        raise SystemExit(f"{tag} could not be built, see above")


def compare(first: Image, second: Image) -> Iterator[str]:
    """Where two images differ in what their layers hold, a sentence each."""
    if len(first.layers) != len(second.layers):
        yield f"{len(first.layers)} layers, then {len(second.layers)}"
    for number, (one, other) in enumerate(zip(first.layers, second.layers, strict=False)):
        for difference in compare_layers(one, other):
            yield f"layer {number}: {difference}"


def compare_layers(first: Layer, second: Layer) -> Iterator[str]:
    """Where two layers differ, a sentence each."""
    for path in sorted(first.entries.keys() | second.entries.keys()):
        one, other = first.entries.get(path), second.entries.get(path)
        if one is None or other is None:
            yield f"{path} is only in the {'second' if one is None else 'first'}"
            continue
        for name in COMPARED:
            before, after = getattr(one, name), getattr(other, name)
            if before != after:
                shown = (f"{value:04o}" if name == "mode" else str(value) for value in (before, after))
                yield f"{path}: {name} {' then '.join(shown)}"
    for path in sorted(first.removed ^ second.removed):
        yield f"{path} is removed only in the {'first' if path in first.removed else 'second'}"
    for path in sorted(first.emptied ^ second.emptied):
        yield f"{path or '/'} is emptied only in the {'first' if path in first.emptied else 'second'}"
    if list(first.entries) != list(second.entries) and first.entries.keys() == second.entries.keys():
        yield "the same paths are in another order"


if __name__ == "__main__":
    raise SystemExit(main())
