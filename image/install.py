"""Install Python distributions into a folder that goes into the image, compiled, with a RECORD that is true."""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from image import pruned, tree

SITE = Path("usr/lib/python3/dist-packages")  # Debian's place for what the system brings; /usr/local is its users'
LIBRARIES = Path("/usr/lib")


def main() -> None:
    """`python -m image.install ROOT [--with SITE] [--lean PRUNED] [--share LIBRARY]… -- PIP-ARGUMENTS`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="the distributions go to its folder for them")
    parser.add_argument("--with", type=Path, dest="visible", metavar="SITE", help="what the build needs is there")
    parser.add_argument("--lean", type=Path, metavar="PRUNED", help="without sources, and without what it lists")
    parser.add_argument("--share", action="append", default=[], metavar="LIBRARY", help="take Debian's, not a wheel's")
    parser.add_argument("pip", nargs="+", help="what pip install is told")
    arguments = parser.parse_args()
    site = arguments.root / SITE
    pip("--target", str(site), *arguments.pip, visible=arguments.visible)
    shutil.rmtree(site / "bin", ignore_errors=True)  # `python -m` starts everything here
    for library in arguments.share:
        share(site, library)
    if arguments.lean:
        pruned.prune(site, pruned.read_patterns(arguments.lean.read_text()))
    finish(arguments.root, site, lean=bool(arguments.lean))


def pip(*arguments: str, visible: Path | None = None) -> None:
    """Run `pip install` where only the distributions in the folder `visible` are installed already.

    Raises SystemExit when it fails; it has said why.
    """
    import pip as library

    with tempfile.TemporaryDirectory() as alone:  # beside pip itself, Debian's folder holds what the tools need
        (Path(alone) / "pip").symlink_to(Path(library.__file__).parent)
        path = os.pathsep.join([alone, str(visible)] if visible else [alone])
        command = [sys.executable, "-S", "-m", "pip", "install", "--no-compile", "--root-user-action=ignore"]
        if subprocess.run([*command, *arguments], check=False, env={**os.environ, "PYTHONPATH": path}).returncode:
            raise SystemExit("pip could not install this, see above")


def share(site: Path, library: str) -> None:
    """Put a link to Debian's `library`, such as `libssl.so.3`, where wheels carry a copy (auditwheel's name for it).

    Raises SystemExit where none carries it, or Debian has it not.
    """
    name, _, version = library.partition(".so")
    carried = list(site.glob(f"*.libs/{name}-*.so{version}"))
    there = list(LIBRARIES.glob(f"*-linux-gnu/{library}"))
    if not carried or not there:
        raise SystemExit(f"{library}: {'Debian has it not' if carried else 'no wheel carries it'}; do not share it")
    for copy in carried:
        copy.unlink()
        copy.symlink_to(there[0])


def finish(root: Path, site: Path, *, lean: bool) -> None:
    """Compile and strip what was installed, and bring every RECORD up to date."""
    tree.strip(root)
    tree.compile_python(root, site, keep_sources=not lean)
    for record in site.glob("*.dist-info/RECORD"):
        _rewrite(record)


def _rewrite(record: Path) -> None:
    """Let a RECORD (PyPA's recorded installations) list what is there; compiled and stripped files without a hash."""
    site = record.parent.parent
    with record.open(newline="") as file:
        listed = {row[0]: row for row in csv.reader(file) if row}
    rows = []
    for name, row in listed.items():
        path = site / name
        if path.exists():
            rows.append([name, "", ""] if ".so" in path.suffixes else row)
        folder, stem = Path(name).parent, Path(name).stem
        if name.endswith(".py"):
            compiled = (folder / f"{stem}.pyc", folder / "__pycache__" / f"{stem}.{sys.implementation.cache_tag}.pyc")
            rows += [[str(place), "", ""] for place in compiled if (site / place).exists()]
    with record.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(sorted(rows))


if __name__ == "__main__":
    main()
