"""Make a root of exactly the Debian packages that are listed, pruned, compiled, and still known to scanners."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from image import pruned, tree

STATUS = Path("var/lib/dpkg/status.d")
DOCUMENTS = Path("usr/share/doc")


class Pin(NamedTuple):
    """A package and the version that was there when the list was written."""

    name: str
    version: str


def main() -> None:
    """`python -m image.debian LIST PRUNED ROOT`, on Debian, as root."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("packages", "pruned", "root"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    pins = read_pins(arguments.packages.read_text())
    patterns = pruned.read_patterns(arguments.pruned.read_text())
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    for number, pin in enumerate(pins, 1):
        version = choose(pin, available(pin.name), exact=os.environ.get("PINS") == "exact")
        print(f"[{number}/{len(pins)}] {pin.name} {version}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            unpacked = unpack(pin.name, version, patterns, Path(folder), {pin.name for pin in pins})
            shutil.copytree(unpacked, arguments.root, symlinks=True, dirs_exist_ok=True)
    drop_dead_links(arguments.root)


def read_pins(text: str) -> list[Pin]:
    """The lines `name=version # reason`. Raises SystemExit for a line that is none, or has no reason."""
    pins = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            match = re.fullmatch(r"([a-z0-9][a-z0-9+.-]+)=(\S+)\s+# \S.*", line)
            if match is None:
                raise SystemExit(f"line {number}: {line!r} is not `name=version  # reason`")
            pins.append(Pin(match[1], match[2]))
    return pins


def available(name: str) -> str:
    """The version in the archive. Raises SystemExit when there is none."""
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", name], check=False, capture_output=True, text=True
    )
    match = re.search(r"^Version: (\S+)$", shown.stdout, re.MULTILINE)
    if match is None:
        raise SystemExit(f"{name}: the archive has no such package; take it out of the list, or name another")
    return match[1]


def choose(pin: Pin, version: str, *, exact: bool) -> str:
    """The archive's `version` if it will do. An older one never does, a newer one unless `exact`; then SystemExit."""
    pinned, there = (re.sub(r"\+b\d+$", "", text) for text in (pin.version, version))  # rebuilds differ by architecture
    if pinned == there:
        return version
    newer = subprocess.run(["dpkg", "--compare-versions", there, "gt", pinned], check=False).returncode == 0
    if exact or not newer:
        raise SystemExit(f"{pin.name}: {pin.version} is pinned, the archive has {version}; if that will do, pin it")
    print(f"{pin.name}: newer than the pinned {pin.version}", flush=True)
    return version


def unpack(name: str, version: str, patterns: list[str], folder: Path, names: set[str]) -> Path:
    """The files of one package as they go into the image, with its control file and checksums under STATUS."""
    archive = download(name, version, folder)
    root = extract(archive, folder / "root")
    keep_licences(root / DOCUMENTS)
    pruned.prune(root, patterns)
    documents = root / DOCUMENTS / name
    if documents.is_symlink() and (other := os.readlink(documents)) not in names:
        documents.unlink()
        documents.mkdir()
        elsewhere = extract(download(other, version, folder), folder / other)
        shutil.copy(elsewhere / DOCUMENTS / other / "copyright", documents)
    if name == "ca-certificates":
        bundle_certificates(root)
    tree.strip(root)
    for library in root.glob("usr/lib/python3.*"):
        tree.compile_python(root, library, keep_sources=False)
    sums = "".join(f"{_md5(path)}  {path.relative_to(root)}\n" for path in tree.files(root))
    (root / STATUS).mkdir(parents=True)
    control = subprocess.run(["dpkg-deb", "--field", archive], capture_output=True, text=True, check=True)
    (root / STATUS / name).write_text(control.stdout)
    (root / STATUS / f"{name}.md5sums").write_text(sums)
    return root


def download(name: str, version: str, folder: Path) -> Path:
    """The package's archive, in `folder`."""
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", f"{name}={version}"]
    subprocess.run(command, cwd=folder, check=True)
    return next(folder.glob(f"{name}_*.deb"))


def extract(archive: Path, root: Path) -> Path:
    """The package's files below `root`, which is made."""
    subprocess.run(["dpkg-deb", "--extract", archive, root], check=True)
    return root


def keep_licences(documents: Path) -> None:
    """Remove all of a package's documentation but that."""
    for path in tree.files(documents):
        if path.relative_to(documents).parts[1:] != ("copyright",):
            path.unlink()


def drop_dead_links(root: Path) -> None:
    """Remove the links to what is not in the image."""
    for path in root.rglob("*"):
        if path.is_symlink():
            target = os.readlink(path)
            place = root / target.lstrip("/") if target.startswith("/") else path.parent / target
            if not place.exists():
                path.unlink()


def bundle_certificates(root: Path) -> None:
    """Put the certificates into the one file where OpenSSL looks for them, as update-ca-certificates does."""
    single = root / "usr/share/ca-certificates"
    bundle = root / "etc/ssl/certs/ca-certificates.crt"
    bundle.parent.mkdir(parents=True)
    bundle.write_text("".join(path.read_text() for path in sorted(single.rglob("*.crt"))))
    shutil.rmtree(single)
    openssl = root / "usr/lib/ssl"
    openssl.mkdir(parents=True)
    (openssl / "cert.pem").symlink_to("/etc/ssl/certs/ca-certificates.crt")


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    main()
