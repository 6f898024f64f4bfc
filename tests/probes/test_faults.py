"""Services that can't serve: each boot ends with exit status 1 and a report that names the cause and the way out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.boot import Boot, Reply, request
from tests.conftest import BootModule, WriteModule
from tests.probes.reports import failed

LIFESPAN = "async def app(scope, receive, send):\n    "

IMPORT_FAULTS = {
    "a missing module": (None, r"victim cannot be imported: there is no module named 'victim'"),
    "a missing module of a module": (
        "import json\nimport does_not_exist_anywhere\n",
        r"victim\.py:2 imports 'does_not_exist_anywhere', and there is no such module",
    ),
    "a syntax error": ("x = 1\ndef (:\n", r"syntax error in \S+victim\.py, line 2: .*def \(:"),
    "a name that is not there": ("from json import lodas\n", r"cannot import name 'lodas' from 'json'"),
    "an exception": ("port = int('abc')\n", r"it raises at \S+victim\.py:1: ValueError: invalid literal"),
    "sys.exit": ("import sys\nsys.exit('no DATABASE_URL')\n", r"it exits with status 1, saying 'no DATABASE_URL', at"),
    "os._exit": ("import os\nos._exit(7)\n", r"took the process down: it ended with exit status 7"),
    "a segmentation fault": (
        "import ctypes\nctypes.string_at(0)\n",
        r"(?s)took the process down: it was killed by SIGSEGV \(segmentation fault\).*STACK.*victim\.py\", line 2",
    ),
    "an abort in native code": ("import os\nos.abort()\n", r"(?s)killed by SIGABRT.*victim\.py\", line 2"),
    "a kill from outside": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", r"killed by SIGKILL"),
}

APP_FAULTS = {
    "an attribute that is not there": (
        "apps = 1",
        r"(?s)the module victim .* has no attribute 'app'.*earest to it\W+'apps'",
    ),
    "an application that is not callable": ("app = 42", r"victim:app is not callable: it is an int"),
    "a lifespan that raises": (
        LIFESPAN + "raise RuntimeError('no database')",
        r"lifespan startup raised RuntimeError: no database \(\S+victim\.py:2\)",
    ),
    "a lifespan that reports failure": (
        LIFESPAN + "await send({'type': 'lifespan.startup.failed', 'message': 'migrations are missing'})",
        r"the application reported that its startup failed: migrations are missing",
    ),
    "a lifespan that reports what it raises then": (
        "import probes\n" + LIFESPAN + "await send({'type': 'lifespan.startup.failed', 'message': 'Traceback'})\n"
        "    raise probes.Failure('no table', 'run the migration')",
        r"lifespan startup\n    no table\n(?s:.*)run the migration",
    ),
    "a lifespan that returns": (
        LIFESPAN + "await receive()",
        r"returned from its lifespan before startup was complete",
    ),
    "a lifespan answered with something else": (
        LIFESPAN + "await send({'type': 'http.response.start'})",
        r"answered lifespan startup with 'http\.response\.start'",
    ),
}

HANGS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an endless loop in an import": (
        {"critical_imports": ["victim"]},
        "while True:\n    pass\n",
        r"(?s)ERROR 1: import victim\n    did not finish within BOOT_TIMEOUT=1\.5.*victim\.py\", line [12] in <module>",
    ),
    "an import that holds the interpreter": (
        {"critical_imports": ["victim"]},
        "import ctypes\nctypes.PyDLL(None).sleep(60)\n",
        r"(?s)import victim\n    did not finish.*victim\.py\", line 2",
    ),
    "a lifespan that hangs": (
        {"app": "victim:app"},
        "import asyncio\n\nasync def connect():\n    await asyncio.sleep(3600)\n\n" + LIFESPAN + "await connect()",
        r"(?s)lifespan startup\n    did not finish before BOOT_TIMEOUT.*victim\.py:4 in connect",
    ),
    "a check that hangs": (
        {"checks": ["victim:check"]},
        "import threading\ndef check():\n    threading.Event().wait()\n",
        r"(?s)check victim:check\n    did not finish within BOOT_TIMEOUT.*victim\.py\", line 3 in check",
    ),
    "an async check that hangs": (
        {"checks": ["victim:check"]},
        "import asyncio\nasync def check():\n    await asyncio.sleep(3600)\n",
        r"(?s)check victim:check\n    did not finish before BOOT_TIMEOUT \(it waits at .*victim\.py:3 in check",
    ),
}


@pytest.mark.parametrize("fault", IMPORT_FAULTS)
def test_an_import_that_fails_is_told_by_its_cause(fault: str, boot: BootModule, write_module: WriteModule) -> None:
    """Whatever an import does instead of finishing, the report names the module and the cause."""
    source, words = IMPORT_FAULTS[fault]
    if source is not None:
        write_module("victim", source)
    with boot(critical_imports=["victim"]) as process:
        report = failed(process)
    assert "ERROR 1: import victim" in report
    assert re.search(words, report), report


def test_a_missing_shared_library_is_named(boot: BootModule, tmp_path: Path) -> None:
    """A compiled module whose library is absent is told apart from a missing module."""
    compiler = shutil.which("cc")
    assert compiler, "a C compiler is needed to make a module that lacks its library"
    (tmp_path / "gone.c").write_text("int gone(void) { return 1; }\n")
    (tmp_path / "victim.c").write_text("int gone(void); void *PyInit_victim(void) { gone(); return 0; }\n")
    library, module = tmp_path / "libgone.so.1", tmp_path / f"victim{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, tmp_path / "gone.c"], check=True)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", module, tmp_path / "victim.c", library], check=True)
    library.unlink()
    with boot(critical_imports=["victim"]) as process:
        report = failed(process)
    assert re.search(r"the shared library \S*libgone\.so\.1 is missing, and \S+victim\S+ needs it", report), report


@pytest.mark.parametrize("fault", APP_FAULTS)
def test_an_application_that_does_not_start_is_a_failed_boot(
    fault: str, boot: BootModule, write_module: WriteModule
) -> None:
    """An application reference or lifespan that fails ends the boot; it is never served all the same."""
    source, words = APP_FAULTS[fault]
    write_module("victim", source)
    with boot(app="victim:app") as process:
        report = failed(process)
    assert re.search(words, report), report


@pytest.mark.parametrize("fault", HANGS)
def test_what_hangs_is_shown_with_its_stack(fault: str, boot: BootModule, write_module: WriteModule) -> None:
    """At the boot timeout the report names what was running and the line that it hangs at."""
    keys, source, words = HANGS[fault]
    write_module("victim", source)
    with boot({"BOOT_TIMEOUT": "1.5"}, **keys) as process:
        report = failed(process)
    assert re.search(words, report), report


def test_a_check_that_fails_gives_its_message_and_its_way_out(boot: BootModule, write_module: WriteModule) -> None:
    """A check's exception is an error of the report; its `resolution` becomes the resolution steps."""
    write_module(
        "victim",
        """
        import probes

        class TooOld(Exception):
            resolution = "upgrade the broker"

        def stated():
            raise probes.Failure("the cache speaks protocol 2", "install cache 7", "or set CACHE=off")

        async def raised():
            raise TooOld("broker 3.1 is too old")

        def exits():
            raise SystemExit(3)
        """,
    )
    with boot(checks=["victim:stated", "victim:raised", "victim:exits"]) as process:
        report = failed(process)
    assert "3 errors" in report
    assert "the cache speaks protocol 2" in report
    assert re.search(r"1\. install cache 7\s+2\. or set CACHE=off", report)
    assert re.search(r"raised TooOld: broker 3\.1 is too old \(\S+victim\.py:11\)", report)
    assert "1. upgrade the broker" in report
    assert "SystemExit: 3" in report


def test_every_independent_check_runs_and_every_error_is_listed(boot: BootModule, write_module: WriteModule) -> None:
    """One report lists all errors, numbered, even after imports that took the process down."""
    write_module("crashes", "import os\nos._exit(9)\n")
    write_module("faults", "import ctypes\nctypes.string_at(0)\n")
    write_module("raises", "raise ValueError('third')\n")
    write_module("judge", "def check():\n    raise RuntimeError('fourth')\n")
    with boot(
        python=">=99", critical_imports=["crashes", "faults", "raises", "json"], checks=["judge:check"]
    ) as process:
        report = failed(process)
    assert "5 errors" in report
    errors = re.findall(r"^ERROR (\d): (.*)$", report, re.MULTILINE)
    assert [int(number) for number, _ in errors] == [1, 2, 3, 4, 5]
    assert {name for _, name in errors} == {
        "python", "import crashes", "import faults", "import raises", "check judge:check",
    }  # fmt: skip
    assert report.count("[OK] import json") == 1


def test_a_check_that_waits_is_tried_again_until_it_passes(
    boot: BootModule, write_module: WriteModule, tmp_path: Path
) -> None:
    """`probes.Waiting` holds the boot, visibly, and lets it go on when what was missing is there."""
    flag = tmp_path / "database-is-up"
    write_module(
        "victim",
        f"""
        import os, probes

        def check():
            if not os.path.exists({str(flag)!r}):
                raise probes.Waiting("the database does not answer", "start it")
        """,
    )
    with boot(checks=["victim:check"]) as process:
        process.wait_for(r"\[WAIT\] check victim:check: the database does not answer \(attempt [3-9]\)")
        reply = process.get("/health")
        assert reply.status == 503
        body = reply.json()
        assert body["status"] == "starting"
        assert body["phase"] == "waiting"
        (check,) = [check for check in body["checks"] if check["name"] == "check victim:check"]
        assert check["status"] == "waiting"
        assert re.fullmatch(r"the database does not answer \(attempt \d+\)", check["detail"])
        assert 'airlock_state{state="waiting"} 1' in process.get("/metrics").body.decode()
        flag.touch()
        process.wait_ready()
        assert process.get("/health").status == 200
        assert process.stop() == 0


def test_a_check_that_waits_for_ever_fails_the_boot_with_its_last_reason(
    boot: BootModule, write_module: WriteModule
) -> None:
    """At the boot timeout a waiting check is an error with the number of attempts and the last reason."""
    write_module(
        "victim", "import probes\ndef check():\n    raise probes.Waiting('no route to the database', 'start it')\n"
    )
    with boot({"BOOT_TIMEOUT": "1.5"}, checks=["victim:check"]) as process:
        report = failed(process)
    assert re.search(
        r"still waiting after \d+ attempts: no route to the database; did not finish within BOOT_TIMEOUT", report
    )
    assert "1. start it" in report


def test_a_failed_check_does_not_wait_for_one_that_waits(boot: BootModule, write_module: WriteModule) -> None:
    """When the boot is lost anyway nobody waits; what was waiting is named in the same report."""
    write_module(
        "victim",
        "import probes\ndef waits():\n    raise probes.Waiting('not yet')\n"
        "def fails():\n    raise ValueError('never')\n",
    )
    with boot({"BOOT_TIMEOUT": "600"}, checks=["victim:waits", "victim:fails"]) as process:
        report = failed(process)
    assert "[WAIT] check victim:waits: not yet" in report
    assert "raised ValueError: never" in report


def test_probes_are_never_told_ready_by_a_boot_that_fails(boot: BootModule, write_module: WriteModule) -> None:
    """From the first to the last answer `/health` is 503, and the last ones carry the report."""
    write_module("victim", "import threading\nthreading.Event().wait(0.5)\nraise ValueError('broken')\n")
    with boot(critical_imports=["victim"]) as process:
        port = process.port
        replies: list[Reply] = []
        while process.process.poll() is None:
            try:
                replies.append(request(port, "GET", "/health"))
            except OSError:
                break
        failed(process)
    assert replies
    assert {reply.status for reply in replies} == {503}
    assert {reply.json()["status"] for reply in replies} <= {"starting", "failed"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, r"no-such-contract\.toml"),
        ("app = ", r"at end of document|line 1"),
        ('app = "plain:app"\ncritical-import = []\n', r"critical-import.*critical-imports"),
        ("app = 1\n", r"app"),
        ('app = ""\n', r"app"),
    ],
)
def test_a_contract_that_cannot_be_read_ends_with_status_2(text: str | None, words: str, tmp_path: Path) -> None:
    """Missing, broken, misspelt, mistyped or empty: exit status 2 and a sentence about the file."""
    contract = tmp_path / "no-such-contract.toml"
    if text is not None:
        contract = tmp_path / "contract.toml"
        contract.write_text(text)
    with Boot(contract) as process:
        assert process.wait() == 2
        assert re.search(words, process.output), process.output
        assert str(contract) in process.output
        assert "EXIT STATUS: 2" in process.output
