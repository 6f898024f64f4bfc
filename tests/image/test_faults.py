"""Containers that can't serve: exit status, log and termination log say why, and no probe is ever told 200."""

from __future__ import annotations

import functools
import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.image.containers import PACKAGES, Asker, Container
from tests.image.running import python
from tests.probes.test_faults import APP_FAULTS, HANGS, IMPORT_FAULTS

APP = 'app = "service.app:app"\n'

UNREADABLE = {
    "a contract that is not there": (None, r"/contract/contract\.toml cannot be read: No such file"),
    "a contract that is no TOML": ("app = ", r"/contract/contract\.toml is not TOML"),
    "a contract without an application": ('python = ">=3.11"\n', r"/contract/contract\.toml: app is missing"),
    "a key that nobody knows": (APP + "critical-import = []\n", r"critical-import.*critical-imports"),
}
BROKEN = {
    "a module that is not there": (
        APP + 'critical-imports = ["no_such_module"]\n',
        r"no module named 'no_such_module'",
    ),
    "an attribute that is not there": ('app = "service.app:ap"\n', r"(?s)no attribute 'ap'.*earest to it\W+'app'"),
    "a check that is not there": (APP + 'checks = ["service.settings:chek"]\n', r"(?s)no attribute 'chek'.*'check'"),
    "an indicator that is not there": (
        APP + '[[indicator]]\nname = "x"\ncall = "service.nowhere:ping"\n',
        r"no module named 'service\.nowhere'",
    ),
    "another Python": (APP + 'python = ">=3.99"\n', r"ERROR 1: python\n.*3\.99"),
}
UNUSABLE = {
    "a port that is no number": ({"PORT": "eighty"}, "PORT='eighty' is not usable"),
    "a port that is none": ({"PORT": "65536"}, "PORT='65536' is not usable"),
    "one port for two": ({"MANAGEMENT_PORT": "9000"}, "MANAGEMENT_PORT=9000 is the same as PORT"),
    "a mode that nobody knows": ({"WORKER_MODE": "maybe"}, "WORKER_MODE='maybe' is not usable"),
    "a time that is no number": ({"BOOT_TIMEOUT": "soon"}, "BOOT_TIMEOUT='soon' is not usable"),
}
UNFIT: dict[str, tuple[dict[str, str], str]] = {
    "somebody else's address": ({"HOST": "203.0.113.1"}, "cannot listen on 203.0.113.1 port 9000"),
    "a port for root": ({"PORT": "80"}, "port 80 (PORT): this user may not open it"),
    "a setting out of range": ({"SOCKETIO_MAX_SESSIONS": "0"}, "SOCKETIO_MAX_SESSIONS='0' is not usable"),
    "a forbidden path": ({"PYTHONPATH": "/elsewhere/src"}, "/elsewhere/src is on sys.path, and 'src' is forbidden"),
}
# Patterns of paths in the image; what is there instead, None for an empty folder; what the report says.
MASKED: dict[str, tuple[tuple[str, ...], str | None, str]] = {
    "a package without its modules": (("starlette",), None, r"imports 'starlette\.\w+', and there is no such module"),
    "a module without its code": (("starlette/routing.pyc",), "", r"bad magic number in 'starlette\.routing'"),
    "a Python without one of its own modules": (
        ("/usr/lib/python3.13/asyncio/events.pyc",),
        "",
        r"ERROR 1: start\n.*raised ImportError: bad magic number in 'asyncio\.events'",
    ),
    "a compiled module cut off": (("pydantic_core/*.so",), "", r"pydantic_core\S+\.so: file too short"),
    "a shared library cut off": (("/usr/lib/*/libssl.so.3",), "", r"libssl\.so\.3: file too short"),
    "a distribution without metadata": (("h11-*.dist-info",), None, r"ERROR 1: requirements\n.*h11.* is damaged"),
    "a module with a syntax error": (
        ("service/settings.py", "service/__pycache__/settings.*.pyc"),
        "def (:\n",
        r"syntax error in \S+settings\.py, line 1",
    ),
}
GLUTTON = "eaten = []\nwhile True:\n    eaten.append(b'x' * (1 << 20))\n"
OOM = "killed by the kernel for memory (OOM); its memory limit is {} MiB"


def fails(container: Container, folder: Path, status: int = 1) -> str:
    """The log of a container that must end with this status; what probes saw and the termination log are checked."""
    termination_log = folder / "termination-log"
    termination_log.touch()
    termination_log.chmod(0o666)
    container.with_volume_mapping(termination_log, "/dev/termination-log", "rw")
    with container, Asker(container.host_port) as asker:
        assert container.wait() == status, container.output
        log = container.output
    assert set(asker.statuses) <= {503}
    assert asker.statuses or "did not finish" not in log  # what takes its time has been asked
    assert "CRITICAL: STARTUP VALIDATION FAILED - CANNOT PROCEED" in log
    assert f"EXIT STATUS: {status}" in log
    assert "SYSTEM READY" not in log
    assert "Traceback" not in log
    errors = re.findall(r"^ERROR (\d+): (.*)$", log, re.MULTILINE)
    summary = termination_log.read_text()
    assert errors
    assert all(f"{number}. {name}: " in summary for number, name in errors), summary
    return log


@pytest.mark.parametrize("fault", IMPORT_FAULTS)
def test_an_import_that_fails_ends_the_container(fault: str, image: str, tmp_path: Path) -> None:
    """Whatever an import does in the image's Python, crashes included, the report names module and cause."""
    source, words = IMPORT_FAULTS[fault]
    if source is not None:
        (tmp_path / "victim.py").write_text(source)
    log = fails(Container(image, tmp_path, {"critical_imports": ["victim"]}), tmp_path)
    assert "ERROR 1: import victim" in log
    assert re.search(words, log), log


@pytest.mark.parametrize("fault", APP_FAULTS)
def test_an_application_that_does_not_start_ends_the_container(fault: str, image: str, tmp_path: Path) -> None:
    """A reference or a lifespan that fails is never served all the same."""
    source, words = APP_FAULTS[fault]
    (tmp_path / "victim.py").write_text(source)
    log = fails(Container(image, tmp_path, {"app": "victim:app"}), tmp_path)
    assert re.search(words, log), log


@pytest.mark.parametrize("fault", HANGS)
def test_a_boot_that_hangs_ends_the_container_with_its_stack(fault: str, image: str, tmp_path: Path) -> None:
    """At the boot timeout the line that hangs is in the report."""
    keys, source, words = HANGS[fault]
    (tmp_path / "victim.py").write_text(source)
    log = fails(Container(image, tmp_path, keys, {"BOOT_TIMEOUT": "1.5"}), tmp_path)
    assert re.search(words, log), log


@pytest.mark.parametrize("fault", [*UNREADABLE, *BROKEN])
def test_a_contract_that_is_not_kept_ends_the_container(fault: str, image: str, tmp_path: Path) -> None:
    """Status 2 when it can't be read, 1 when the image has not what it asks for; either way the report says what."""
    text, words = {**UNREADABLE, **BROKEN}[fault]
    folder = tmp_path / "contract"
    folder.mkdir()
    if text is not None:
        (folder / "contract.toml").write_text(text)
    container = Container(image, env={"AIRLOCK_CONTRACT": "/contract/contract.toml"}, files={"/contract": folder})
    log = fails(container, tmp_path, status=2 if fault in UNREADABLE else 1)
    assert re.search(words, log), log


@pytest.mark.parametrize("fault", UNUSABLE)
def test_a_variable_that_is_not_usable_ends_the_container_with_status_2(fault: str, image: str, tmp_path: Path) -> None:
    """The variable, its value and what is accepted are named, and no port was opened."""
    env, words = UNUSABLE[fault]
    assert words in fails(Container(image, env=env), tmp_path, status=2)


@pytest.mark.parametrize("fault", UNFIT)
def test_an_environment_that_does_not_fit_ends_the_container(fault: str, image: str, tmp_path: Path) -> None:
    """What the image cannot serve with is named."""
    env, words = UNFIT[fault]
    # Docker lets everybody open every port; other engines do not.
    container = Container(image, env=env, sysctls={"net.ipv4.ip_unprivileged_port_start": 1024})
    assert words in fails(container, tmp_path)


@pytest.mark.parametrize("fault", MASKED)
def test_an_image_that_has_lost_a_part_does_not_serve(fault: str, image: str, tmp_path: Path) -> None:
    """With something else mounted over a file or folder of the image, the report names what is wrong with it."""
    patterns, instead, words = MASKED[fault]
    files = {}
    for number, path in enumerate(paths_in(image, *patterns)):
        files[path] = tmp_path / str(number)
        if instead is None:
            files[path].mkdir()
        else:
            files[path].write_text(instead)
    assert len(files) == len(patterns)
    log = fails(Container(image, files=files), tmp_path)
    assert re.search(words, log), log


def test_a_limit_of_processes_that_leaves_no_room_for_the_service_is_named(image: str, tmp_path: Path) -> None:
    """The gate can't fork, and says what to raise."""
    log = fails(Container(image, pids_limit=1), tmp_path)
    assert "ERROR 1: fork\n    no process can be started for the service: Resource temporarily unavailable" in log


def test_the_report_for_machines_is_json(image: str, tmp_path: Path) -> None:
    """With LOG_FORMAT=json a failed boot says the same in lines of JSON."""
    with Container(image, tmp_path, {"critical_imports": ["no_such_module"]}, {"LOG_FORMAT": "json"}) as container:
        assert container.wait() == 1
        entries = [json.loads(line) for line in container.output.splitlines()]
    assert entries[-1]["exit_status"] == 1
    assert [check["name"] for check in entries[-1]["checks"] if check["status"] == "failed"] == [
        "import no_such_module"
    ]


@pytest.mark.parametrize(
    ("limit", "contract"), [(48, {"critical_imports": ["victim"]}), (24, {"app": "service.app:app"})]
)
def test_a_boot_beyond_the_memory_limit_names_the_limit(
    limit: int, contract: dict[str, Any], image: str, tmp_path: Path
) -> None:
    """The kernel kills the child, the gate lives to say so: a greedy import, and the service in too little memory."""
    (tmp_path / "victim.py").write_text(GLUTTON)
    container = Container(image, tmp_path, contract, mem_limit=f"{limit}m", memswap_limit=f"{limit}m")
    assert OOM.format(limit) in fails(container, tmp_path)


def test_a_service_killed_for_memory_says_so(image: str, tmp_path: Path) -> None:
    """After the hand-over the status is SIGKILL's, and log and termination log name the limit."""
    log = tmp_path / "termination-log"
    log.touch()
    log.chmod(0o666)
    container = Container(image, tmp_path, {"app": "glutton:app"}, mem_limit="64m", memswap_limit="64m")
    with container.with_volume_mapping(log, "/dev/termination-log", "rw"):
        container.ready()
        with pytest.raises((OSError, http.client.HTTPException)):
            container.get("/")
        assert container.wait() == 137
        assert container.inspect("State", "OOMKilled")
        assert f"[BOOT] the service was {OOM.format(64)}\n" in container.output
    assert log.read_text() == f"the service was {OOM.format(64)}"


@functools.cache
def paths_in(image: str, *patterns: str) -> list[str]:
    """The paths in the image that match, relative ones among the installed packages."""
    found = f"[path for pattern in {patterns} for path in glob.glob(pattern, root_dir={PACKAGES!r})]"
    return [str(Path(PACKAGES, path)) for path in python(image, f"import glob; print(*{found}, sep='\\n')").split()]
