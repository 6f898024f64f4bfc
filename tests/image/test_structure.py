"""What is in the image and what is not: every rule holds for it, and none where a breach has been planted."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from image import archive, packages
from image.archive import Entry
from tests.image.build import build

SITE = "usr/lib/python3/dist-packages"
OURS = (f"{SITE}/probes/", f"{SITE}/service/")
DATA = "var/lib/airlock"
DEBIANS = {"etc/dpkg", "var/lib/dpkg"}  # folders by which scanners know a Debian
TOP = {"bin", "dev", "etc", "lib", "proc", "run", "sys", "tmp", "usr", "var"}
# The interpreter, the loader, and libc, which prints its version.
PROGRAMS = re.compile(r"usr/bin/python3\.\d+|usr/lib/[^/]+/(ld-linux[^/]*\.so\.\d|libc\.so\.6)")
SHELLS = {"ash", "bash", "busybox", "csh", "dash", "env", "fish", "ksh", "sh", "tcsh", "toybox", "zsh"}
MANAGERS = {"apk", "apt", "apt-get", "dpkg", "dpkg-deb", "easy_install", "ensurepip", "pip", "pip3", "setuptools", "uv"}
DEVELOPMENT = re.compile(r"/(tests?|idlelib|turtledemo|include|lib2to3)/|\.(a|c|h|hpp|la|o|pxd|pyi|pyo|pyx|rst|exe)$")
RESIDUE = re.compile(
    r"(^|/)(src|add|airlock|writable|root|root-of-image|site|backend|\.cache|cache|apt|ldconfig)/|"
    r"(^|/)(\.(git|env|netrc|pypirc|hypothesis|mypy_cache)|pip\.conf|Dockerfile|pyproject\.toml)($|/)|\.(orig|whl|log|deb)$"
)
SECRETS = (
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    rb"\bAKIA[0-9A-Z]{16}\b",
    rb"\bgh[pousr]_[A-Za-z0-9]{36}\b",
    rb"\bpypi-AgEI[\w-]{20,}",
    rb"\bxox[abprs]-[\w-]{10,}",
    rb"(?m)^\s*(extra-)?index-url\s*=",
    rb"https?://[\w.%+-]+:[\w.%+-]+@[\w.-]+",
)
# Their docstrings show addresses with passwords, and the first line of a key that they read.
DOCUMENTED = {f"{SITE}/pydantic/networks.pyc", f"{SITE}/cryptography/hazmat/primitives/serialization/ssh.pyc"}
WHERE_PACKAGES_COME_FROM = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "HTTPS_PROXY", "HTTP_PROXY")

Rule = Callable[[archive.Image], Iterator[str]]


def programs(contents: archive.Image) -> Iterator[str]:
    """What can be run beside the interpreter and the loader."""
    for entry in _files(contents):
        if entry.mode & 0o111 and not PROGRAMS.fullmatch(entry.path) and ".so" not in entry.path:
            yield entry.path
        if contents.read(entry.path)[:2] == b"#!":
            yield entry.path


def shells_and_managers(contents: archive.Image) -> Iterator[str]:
    """Shells and package managers by their names, wherever they are."""
    for path in contents.root:
        if Path(path).name in SHELLS | MANAGERS and path not in DEBIANS:
            yield path


def privileges(contents: archive.Image) -> Iterator[str]:
    """What gives the one who runs it another's rights, and devices."""
    for entry in contents.root.values():
        if entry.mode & 0o6000 or entry.xattrs or entry.kind not in ("file", "directory", "symlink"):
            yield entry.path


def writable(contents: archive.Image) -> Iterator[str]:
    """What others than root can write or own: neither 65532, nor any user of group 0, nor everybody."""
    for entry in contents.root.values():
        if entry.path not in ("tmp", DATA) and ((entry.uid, entry.gid) != (0, 0) or _is_open(entry)):
            yield entry.path


def unreadable(contents: archive.Image) -> Iterator[str]:
    """What an arbitrary user could not read."""
    for entry in contents.root.values():
        if entry.path != DATA and entry.mode & 0o444 != 0o444:
            yield entry.path


def development(contents: archive.Image) -> Iterator[str]:
    """Tests, headers, stubs, and sources that are not our own; licences stay, whatever their form."""
    for path in contents.root:
        licence = ".dist-info/licenses/" in path
        source = path.endswith(".py") and not path.startswith(OURS)
        if source or (DEVELOPMENT.search(f"/{path}") and not licence):
            yield path


def residue(contents: archive.Image) -> Iterator[str]:
    """What only the build needed."""
    for entry in contents.root.values():
        if RESIDUE.search(f"{entry.path}/" if entry.kind == "directory" else entry.path) and entry.path != DATA:
            yield entry.path


def secrets(contents: archive.Image) -> Iterator[str]:
    """Keys, tokens, addresses with passwords, and where this machine gets its packages from."""
    addresses = {os.environ.get(name, "") for name in WHERE_PACKAGES_COME_FROM} - {""}
    patterns = [*SECRETS, *(re.escape(address).encode() for address in addresses)]
    for entry in _files(contents):
        content = contents.read(entry.path)
        if entry.path not in DOCUMENTED and any(re.search(pattern, content) for pattern in patterns):
            yield entry.path


def data(contents: archive.Image) -> Iterator[str]:
    """What a service writes, in whichever layer: a database or a key in the image would be everybody's."""
    for layer in contents.layers:
        for path in layer.entries:
            if path.startswith(f"{DATA}/") or path.endswith((".sqlite", ".sqlite-wal", ".key")):
                yield path


def dates(contents: archive.Image) -> Iterator[str]:
    """Whatever has a time of its own."""
    for layer in contents.layers:
        yield from (entry.path for entry in layer.entries.values() if entry.mtime)


def dead_links(contents: archive.Image) -> Iterator[str]:
    """Links that lead nowhere."""
    for path, entry in contents.root.items():
        if entry.kind == "symlink" and contents.resolve(path) is None:
            yield path


def unlicensed(contents: archive.Image) -> Iterator[str]:
    """The metadata of packages without the text of their licence."""
    for package in packages.packages(contents):
        texts = [path for path in package.files if re.search(r"licen[cs]e|copying|notice", path, re.IGNORECASE)]
        if package.kind == "deb" and contents.resolve(f"usr/share/doc/{package.name}/copyright") is None:
            yield package.metadata[0]
        if package.kind == "pypi" and not texts:
            yield package.metadata[0]


RULES: list[Rule] = [
    programs,
    shells_and_managers,
    privileges,
    writable,
    unreadable,
    development,
    residue,
    secrets,
    data,
    dates,
    dead_links,
    unlicensed,
]

# The rule that it breaks, a file, its owner and mode, and its content.
COPIED: list[tuple[Rule, str, str, str]] = [
    (programs, "usr/lib/run-me", "0:0 755", ""),
    (programs, "usr/lib/script", "0:0 644", "#!/usr/bin/python\n"),
    (shells_and_managers, "usr/lib/busybox", "0:0 644", ""),
    (shells_and_managers, "usr/lib/tool/sh", "0:0 644", ""),
    (shells_and_managers, f"{SITE}/pip/__init__.pyc", "0:0 644", ""),
    (writable, f"{SITE}/probes/health.py", "0:0 664", ""),
    (writable, "usr/lib/everybodys", "0:0 646", ""),
    (writable, "usr/lib/users", "65532:0 644", ""),
    (unreadable, f"{SITE}/probes/secret.py", "0:0 600", ""),
    (development, f"{SITE}/starlette/routing.py", "0:0 644", ""),
    (development, "usr/include/python3.13/Python.h", "0:0 644", ""),
    (development, f"{SITE}/h2/tests/__init__.pyc", "0:0 644", ""),
    (residue, "root/.cache/pip/http", "0:0 644", ""),
    (residue, "src/contract.toml", "0:0 644", ""),
    (secrets, "etc/key.pem", "0:0 644", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n"),
    (secrets, "etc/pip.conf", "0:0 644", "[global]\nindex-url = /elsewhere\n"),
    (secrets, "etc/address", "0:0 644", "https://me:word@host/"),
    (data, f"{DATA}/secret.key", "65532:0 600", "a key"),
    (data, "usr/lib/airlock.sqlite", "0:0 644", ""),
    (dates, "etc/dated", "0:0 644", ""),
    (unlicensed, f"{SITE}/a-1.dist-info/METADATA", "0:0 644", "Name: a\nVersion: 1\n"),
]
MADE: list[tuple[Rule, str, str]] = [
    (privileges, "usr/lib/rooted", "os.close(os.open(path, os.O_CREAT)); os.chmod(path, 0o4755)"),
    (privileges, "usr/lib/grouped", "os.close(os.open(path, os.O_CREAT)); os.chmod(path, 0o2755)"),
    (privileges, "usr/lib/able", "os.close(os.open(path, os.O_CREAT)); os.setxattr(path, 'security.capability', able)"),
    (privileges, "usr/lib/queue", "os.mkfifo(path)"),
    (dead_links, "usr/lib/dead", "os.symlink('nowhere', path)"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_image_keeps_the_rule_about(rule: Rule, contents: archive.Image) -> None:
    """Not one path of the image breaks it."""
    assert list(rule(contents)) == []


@pytest.fixture(scope="module")
def breaches(image: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Rule, list[str]]:
    """What each rule finds in the image with everything in it that it must not have."""
    folder = tmp_path_factory.mktemp("breached")
    lines = [f"FROM {image}", "USER 0"]
    for number, (_, path, rights, content) in enumerate(COPIED):
        (folder / str(number)).write_text(content)
        owner, mode = rights.split()
        lines.append(f"COPY --chown={owner} --chmod={mode} {number} /{path}")
    program = ["import os", "able = bytes.fromhex('0100000200040000000000000000000000000000')"]
    program += [f"path = '/{path}'; {make}" for _, path, make in MADE]
    lines.append(f'RUN ["python", "-c", "{"; ".join(program)}"]')
    (folder / "Dockerfile").write_text("\n".join(lines))
    breached = archive.save(build("airlock:test-breached", file=folder / "Dockerfile", context=folder))
    return {rule: list(rule(breached)) for rule in RULES}


@pytest.mark.parametrize(("rule", "path"), [(rule, path) for rule, path, *_ in [*COPIED, *MADE]])
def test_a_breach_is_found(rule: Rule, path: str, breaches: dict[Rule, list[str]]) -> None:
    """The rule that a planted file breaks names it, or its folder."""
    assert any(path == place or path.startswith(f"{place}/") for place in breaches[rule])


def test_the_root_has_only_the_folders_of_a_unix(contents: archive.Image) -> None:
    """Nothing of the build lies at the top; the loader's folder has the machine's name for it."""
    tops = {path.partition("/")[0] for path in contents.root}
    assert tops >= TOP
    assert {name for name in tops - TOP if not re.fullmatch(r"lib\w*\d+\w*", name)} == set()


def test_two_folders_are_for_writing(contents: archive.Image) -> None:
    """/tmp is everybody's, and the data folder is the run user's and group 0's."""
    tmp, data = contents.root["tmp"], contents.root[DATA]
    assert (tmp.mode, tmp.uid, tmp.gid) == (0o1777, 0, 0)
    assert (data.mode, data.uid, data.gid) == (0o770, 65532, 0)
    assert [path for path in contents.root if path.startswith((f"{DATA}/", "tmp/"))] == []


def test_the_only_origin_that_is_told_is_the_builds_own_folder(contents: archive.Image) -> None:
    """pip notes where it installed the project from."""
    notes = [path for path in contents.root if path.endswith("/direct_url.json")]
    assert [contents.read(path) for path in notes] == [b'{"dir_info": {}, "url": "file:///src"}']


def _files(contents: archive.Image) -> list[Entry]:
    return [entry for entry in contents.root.values() if entry.kind == "file"]


def _is_open(entry: Entry) -> bool:
    return entry.kind != "symlink" and entry.mode & 0o022 != 0
