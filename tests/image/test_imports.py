"""Everything that the service can import is in the image, so that pruning cannot break it in silence."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.pruned import read_patterns
from tests.image.build import ROOT
from tests.image.running import attempt, python

ROOTS = ("probes.*", "service.*", "hypercorn.asyncio", "imapclient", "nh3", "watchfiles", "httpx2")
WALK = (Path(__file__).parent / "walk.py").read_text()

OTHER_SYSTEMS = {
    *("_aix_support", "_ios_support", "_osx_support", "_scproxy", "_winapi", "_wmi", "java", "msvcrt"),
    *("nt", "nturl2path", "plistlib", "vms_lib", "win32evtlog", "win32evtlogutil", "winreg"),
    *("asyncio.windows_events", "ctypes._aix", "ctypes.macholib", "ctypes.macholib.dyld", "encodings.mbcs"),
    *("httpx2_jsfetch", "multiprocessing.popen_spawn_win32"),
}
# What stands in on younger or older versions of Python, and what only type checkers import.
OTHER_VERSIONS = {
    *("_typeshed", "annotationlib", "async_timeout", "backports", "compression", "concurrent.interpreters"),
    *("exceptiongroup", "pathlib.types", "string.templatelib", "taskgroup", "tomli"),
}
# What others can do without, and what is lost.
LEFT_OUT = {
    "_bz2": "bzip2, for lack of its library",
    "_lzma": "xz, for lack of its library",
    "_pydatetime": "datetime has it compiled",
    "_pydecimal": "decimal has it compiled",
    "_pyrepl": "the prompt",
    "_uuid": "uuid1 is then not safe between processes, and says so",
    "doctest": "pickle's own tests",
    "ftplib": "urllib's ftp:",
    "httpx2._main": "a command to ask with",
    "py_compile": "zipfile's archives of modules",
    "pydoc": "help()",
    "readline": "the prompt",
    "rlcompleter": "the prompt",
    "sitecustomize": "a machine's own additions",
    "statistics": "random's own tests",
    "test": "multiprocessing's own tests",
    "usercustomize": "a user's own additions",
    "webbrowser": "wsgiref's demonstration",
    "xmlrpc": "multiprocessing over XML-RPC",
}
# Further distributions that ours can use when they are there: nothing of the service does.
OPTIONAL_OF = {
    "authlib": ("httpx",),
    "croniter": ("pytz",),
    "cryptography": ("bcrypt",),
    "dbos": ("confluent_kafka",),
    "dotenv": ("IPython",),
    "httpcore2": ("socksio", "trio"),
    "httpx2": ("brotli", "brotlicffi"),
    "hypercorn": ("aioquic", "uvloop"),  # HTTP/3, another loop
    "anyio": ("sniffio",),
    "mako": ("pygments",),
    "probes.testing": ("testcontainers",),
    "prometheus_client": ("snappy",),
    "psycopg": ("numpy", "psycopg_c", "psycopg_pool"),
    "pydantic": ("cython", "email_validator", "rich"),
    "pydantic_settings": ("azure", "boto3", "google", "types_boto3_secretsmanager", "types_boto3_ssm"),
    "redis": ("OpenSSL", "hiredis", "jwt", "opentelemetry", "pybreaker", "xxhash"),
    "socketio": (  # clients, other frameworks, other brokers
        *("aio_pika", "aiohttp", "aioredis", "eventlet", "gevent", "kafka", "kombu", "msgpack", "requests", "tornado"),
        *("valkey", "websocket"),
    ),
    "sqlalchemy": (  # other drivers
        *("asyncmy", "asyncpg", "cx_Oracle", "mysql", "oracledb", "psycopg2", "pymysql", "pysqlcipher3", "sqlcipher3"),
    ),
    "starlette": ("itsdangerous", "multipart", "python_multipart"),  # sessions, forms
    "truststore": ("urllib3",),
}
OPTIONAL = {name for names in OPTIONAL_OF.values() for name in names}
# Modules that are for something else than being imported here.
OTHERWISE = {
    "click._winconsole": "Windows",
    "dateutil.tz.win": "Windows",
    "psycopg.pq._pq_ctypes": "a libpq of Debian's; the wheel's own is used",
    "psycopg.pq.pq_ctypes": "a libpq of Debian's; the wheel's own is used",
    "service.store.migrations.env": "Alembic runs it",
    "truststore._macos": "macOS",
    "truststore._windows": "Windows",
}
OUTSIDE = ("probes.drift", "probes.testing")  # our own modules with an extra of their own: for a checkout, for tests


@dataclass(frozen=True)
class Seen:
    """What tests/image/walk.py prints."""

    reached: dict[str, str]
    missing: dict[str, str]
    failures: dict[str, tuple[str, str]]  # the name that the error has, and the error
    absent: list[str]
    unseen: list[str]


def walk(image: str, *options: str) -> Seen:
    """Walk and import in a container."""
    ran = attempt(image, WALK, *options, arguments=ROOTS)
    assert ran.returncode == 0, ran.stderr
    return Seen(**json.loads(ran.stdout))


@pytest.fixture(scope="module")
def seen(image: str) -> Seen:
    """What can be reached in the image under test."""
    return walk(image)


def test_it_reaches_what_the_service_is_made_of(seen: Seen) -> None:
    """The walk goes through functions, packages and distributions, down to compiled modules."""
    some = {"service.app", "probes.gate.gate", "hypercorn.asyncio.run", "wsgiref.handlers", "wsproto.frame_protocol"}
    assert len(seen.reached) > 700
    assert some | {"pydantic_core._pydantic_core", "_ssl", "socketio.async_redis_manager"} <= seen.reached.keys()


def test_it_overlooks_nothing_that_is_imported_in_fact(seen: Seen) -> None:
    """Of all that was imported in the end, only what has no import statement was not foreseen."""
    dynamic = r"__main__|__mp_main__|_sysconfigdata_.*|encodings\.\w+"
    compiled = r"_cffi_backend|_cython_\w+|cython_runtime|_openssl(\.lib)?"  # compiled modules import or make these
    assert [name for name in seen.unseen if not re.fullmatch(f"{dynamic}|{compiled}", name)] == []


def test_every_module_that_can_be_reached_imports(seen: Seen) -> None:
    """Whatever fails is for another system, or wants a distribution that is optional."""
    assert unexplained(seen) == {}


def test_what_is_not_for_importing_here_is_there_all_the_same(seen: Seen) -> None:
    """The list has only modules that fail."""
    assert seen.failures.keys() >= OTHERWISE.keys()


def test_every_module_that_is_not_there_is_known(seen: Seen) -> None:
    """The list of what may be missing is complete and has nothing that is not missing."""
    assert lost(seen) == OTHER_SYSTEMS | OTHER_VERSIONS | LEFT_OUT.keys() | OPTIONAL


def test_every_name_that_our_modules_take_is_there(seen: Seen) -> None:
    """`from module import name` in a function of ours finds the name, too."""
    assert [taken for taken in seen.absent if not taken.startswith(OUTSIDE)] == []


@pytest.mark.parametrize("part", ["wsgiref", "lib-dynload"])
def test_a_part_that_was_pruned_too_much_is_found(part: str, image: str) -> None:
    """A folder of the standard library hidden: what needs it is named."""
    seen = walk(image, f"--tmpfs=/usr/lib/python3.13/{part}")
    missing = lost(seen) - OTHER_SYSTEMS - OTHER_VERSIONS - LEFT_OUT.keys() - OPTIONAL
    assert missing | unexplained(seen).keys()


def test_what_is_missing_of_the_standard_library_is_what_the_list_says(image: str, build_image: str) -> None:
    """All of `sys.stdlib_module_names` that Debian's full one has is here, but for the patterns of image/pruned.txt."""
    program = (
        "import json, sys, warnings; from importlib.util import find_spec; warnings.simplefilter('ignore')\n"
        "names = sys.stdlib_module_names - set(sys.builtin_module_names) - {'__main__'}\n"
        "print(json.dumps([name for name in names if (spec := find_spec(name)) and spec.origin != 'frozen']))"
    )
    here = set(json.loads(python(image, program)))
    full = set(json.loads(python(build_image, program, "--entrypoint=python3")))
    patterns = read_patterns((ROOT / "image/pruned.txt").read_text())
    stems = [
        match[2] for match in (re.match(r"usr/lib/python3\.13/(lib-dynload/)?([^/]+)$", p) for p in patterns) if match
    ]
    listed = {
        name for name in full for stem in stems if fnmatch.fnmatchcase(name, stem.removesuffix(".py").rstrip("*"))
    }
    listed |= {name for name in full for stem in stems if stem.endswith("*") and fnmatch.fnmatchcase(name, stem)}
    assert here <= full
    assert full - here == listed
    assert {"unittest", "pdb", "xmlrpc", "_curses"} < listed


def unexplained(seen: Seen) -> dict[str, str]:
    """The failures that no list explains."""
    return {
        name: error
        for name, (cause, error) in seen.failures.items()
        if (cause.split(".")[0] not in OPTIONAL | {"_bz2", "_lzma"} or name.startswith(("probes.", "service.")))
        and not name.startswith(OUTSIDE)
        and name not in OTHERWISE
    }


def lost(seen: Seen) -> set[str]:
    """What is missing: a module of a package that is there by its whole name, else the package."""
    return {name if name.split(".")[0] in seen.reached else name.split(".")[0] for name in seen.missing}
