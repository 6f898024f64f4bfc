"""The Debian packages in the image: few, as listed, and each needed by something that a test does."""

from __future__ import annotations

import json
import re
import textwrap

import pytest

from image import archive, debian, packages
from image.packages import Package
from tests.image.build import ROOT
from tests.image.running import attempt, python

LISTS = ("debian-packages.txt", "requirements-debian.txt")
DISTROLESS = 33  # packages in the public distroless python3 of Debian 13

# What each package is for, as a program that ends badly without it.
NEEDED = {
    "base-files": "import platform; assert platform.freedesktop_os_release()['ID'] == 'debian'",
    "ca-certificates": "import ssl; assert len(ssl.create_default_context().get_ca_certs()) > 100",
    "libc6": "pass",
    "libexpat1": """
        import pyexpat
        assert pyexpat.ParserCreate().Parse("<a b='c'/>", True) == 1
        """,
    "libffi8": "import ctypes, os; assert ctypes.CDLL(None).getpid() == os.getpid()",
    # A thread that ends by pthread_exit, as a daemon thread of Python does when the interpreter ends.
    "libgcc-s1": """
        import ctypes
        libc, thread = ctypes.CDLL(None), ctypes.c_ulong()
        assert libc.pthread_create(ctypes.byref(thread), None, libc.pthread_exit, None) == 0
        assert libc.pthread_join(thread, None) == 0
        """,
    "libpython3.13-minimal": "import os",
    "libpython3.13-stdlib": "import asyncio; asyncio.run(asyncio.sleep(0))",
    # A handshake by a shared key, both sides in one process.
    "libsqlite3-0": """
        import sqlite3
        database = sqlite3.connect(":memory:")
        database.execute("CREATE VIRTUAL TABLE mail USING fts5(text)")
        database.execute("INSERT INTO mail VALUES ('airlocks have two doors')")
        assert database.execute("SELECT count(*) FROM mail WHERE mail MATCH 'doors'").fetchone() == (1,)
        """,
    "libssl3t64": """
        import ssl
        def side(kind):
            context = ssl.SSLContext(kind)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("PSK")
            return context
        client, server = side(ssl.PROTOCOL_TLS_CLIENT), side(ssl.PROTOCOL_TLS_SERVER)
        client.set_psk_client_callback(lambda hint: ("me", b"key"))
        server.set_psk_server_callback(lambda identity: b"key")
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = [client.wrap_bio(back, there), server.wrap_bio(there, back, server_side=True)]
        for one in sides * 3:
            try:
                one.do_handshake()
            except ssl.SSLWantReadError:
                pass
        sides[0].write(b"hello")
        assert sides[1].read() == b"hello" and sides[1].version() == "TLSv1.2"
        """,
    "libstdc++6": "import greenlet",
    "libzstd1": "import ssl",
    "python3.13-minimal": "pass",
    "tzdata": """
        from datetime import datetime
        from zoneinfo import ZoneInfo
        assert datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")).utcoffset().seconds == 7200
        """,
    "zlib1g": "import zlib; assert zlib.decompress(zlib.compress(b'a' * 99)) == b'a' * 99",
}

# Libraries of glibc that no program here loads.
UNLOADED = {
    "libdl.so.2": "a part of libc since 2.34; wheels for older systems (manylinux) name it",
    "libresolv.so.2": "manylinux wheels may link it: looking up other records than addresses",
    "librt.so.1": "a part of libc since 2.34; wheels for older systems (manylinux) name it",
    "libutil.so.1": "a part of libc since 2.34; wheels for older systems (manylinux) name it",
}


@pytest.fixture(scope="module")
def known(contents: archive.Image) -> dict[str, Package]:
    """The Debian packages in the image by name."""
    return {package.name: package for package in packages.packages(contents) if package.kind == "deb"}


def test_they_are_those_of_the_list(known: dict[str, Package]) -> None:
    """No more and no less than the lists have, each at that version or a newer one of the same release."""
    texts = [(ROOT / "image" / name).read_text() for name in LISTS]
    assert sorted(known) == sorted(pin.name for text in texts for pin in debian.read_pins(text))


def test_they_are_at_most_half_of_what_distroless_has(known: dict[str, Package]) -> None:
    """Each that is not there can have no vulnerability."""
    assert len(known) <= DISTROLESS / 2


def test_each_has_its_need(known: dict[str, Package]) -> None:
    """No package without a program below that needs it, and no such program for nothing."""
    assert sorted(NEEDED) == sorted(known)


def test_what_they_are_for_works(image: str) -> None:
    """All of it in one process, as the image's user with a read-only root."""
    python(image, "\n".join(map(textwrap.dedent, NEEDED.values())), "--read-only")


@pytest.mark.parametrize("name", NEEDED)
def test_without_it_that_does_not_work(name: str, image: str, known: dict[str, Package]) -> None:
    """The package's own files removed from a container, the program ends badly."""
    program = (
        "import json, os, sys; files, then = json.load(sys.stdin)\n"
        "run, arguments = sys.executable, [sys.executable, '-c', then]\n"
        "[os.unlink(path) for path in files]; print('removed', flush=True); os.execv(run, arguments)"
    )
    files = [f"/{path}" for path in known[name].files]
    told = json.dumps([files, textwrap.dedent(NEEDED[name])])
    ran = attempt(image, program, "--user=0", stdin=told)
    assert ran.stdout == "removed\n"
    assert ran.returncode != 0


def test_a_program_that_needs_nothing_of_it_still_works(image: str, known: dict[str, Package]) -> None:
    """Removing files is no failure by itself."""
    program = "import os, sys; [os.unlink(p) for p in sys.argv[1:]]; os.execv(sys.executable, ['python', '-c', 'pass'])"
    ran = attempt(image, program, "--user=0", arguments=[f"/{path}" for path in known["tzdata"].files])
    assert ran.returncode == 0, ran.stderr


def test_every_library_is_loaded_by_what_it_is_for(image: str, known: dict[str, Package]) -> None:
    """Each shared library of a package is mapped into the process that did all this, but for parts of glibc."""
    show = "print(open('/proc/self/maps').read())"
    maps = python(image, "\n".join(map(textwrap.dedent, [*NEEDED.values(), show])))
    libraries = {
        path for package in known.values() for path in package.files if re.match(r"usr/lib/[^/]+/[^/]+\.so(\.|$)", path)
    }
    loaded = {path for path in libraries if f" /{path}\n" in maps}
    assert {path.rpartition("/")[2] for path in libraries - loaded} == UNLOADED.keys()


def test_time_zones_come_from_debian_alone(contents: archive.Image) -> None:
    """No second copy in the distribution that dateutil asks for, and none of the other spellings."""
    assert len([path for path in contents.root if path.endswith("/Berlin")]) == 1
