"""`probes.testing`: what users' integration tests get when a container is ready, has ended, or takes too long."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testcontainers.core.container import DockerContainer

from probes.testing import AirlockContainer, BootFailed, Ready, describe, report
from tests.boot import ROOT
from tests.image.containers import Container

LONG = 600.0
"""Seconds that no test may last: what fails at once does not wait for it."""
KEYS = st.sampled_from(["status", "phase", "elapsed_seconds", "checks", "indicators", "name", "detail"])
JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


def test_a_container_that_has_started_is_ready(image: str) -> None:
    """`start` returns when `/health` says 200, and everything that a test needs is there."""
    with AirlockContainer(image, port=8123, timeout=60) as container:
        assert get(f"{container.url}/health") == {"status": "ok"}
        status, body = container.health()
        assert (status, body["phase"]) == (200, "ready")
        assert all(check["status"] == "ok" for check in body["checks"])
        assert "listening on [::]:8123" in container.get_logs()[0].decode()


def test_the_wait_strategy_is_one_for_any_container(image: str) -> None:
    """Whoever has a DockerContainer already waits with `Ready`, and with testcontainers' own words for time."""
    ready = Ready().with_startup_timeout(60).with_poll_interval(0.05)
    with DockerContainer(image).with_exposed_ports(8000).waiting_for(ready) as container:
        address = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(8000)}"
        assert get(f"{address}/health") == {"status": "ok"}


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_boot_that_fails_raises_its_report_at_once(log_format: str, image: str) -> None:
    """The exception has the exit status and the report, without the log of the boot around it."""
    began = time.monotonic()
    variables = {"AIRLOCK_CONTRACT": "/nothing.toml", "LOG_FORMAT": log_format}
    with pytest.raises(BootFailed) as failed, AirlockContainer(image, timeout=LONG, env=variables):
        pass
    assert time.monotonic() - began < LONG / 10
    assert failed.value.exit_status == 2
    assert "/nothing.toml cannot be read: No such file or directory" in failed.value.report
    assert failed.value.report in str(failed.value)
    assert "listening on" not in failed.value.report
    if log_format == "json":
        assert json.loads(failed.value.report)["exit_status"] == 2
    else:
        assert failed.value.report.startswith("CRITICAL: STARTUP VALIDATION FAILED")


def test_a_container_that_ends_without_a_report_shows_its_last_lines(image: str) -> None:
    """A command of one's own that is wrong is not waited for either."""
    with pytest.raises(BootFailed) as failed, AirlockContainer(image, timeout=LONG, command="no-such-command"):
        pass
    assert failed.value.exit_status == 2
    assert "invalid choice: 'no-such-command'" in failed.value.report


def test_a_boot_that_takes_too_long_says_what_it_waits_for(image: str, tmp_path: Path) -> None:
    """The TimeoutError has the last answer of `/health` in a sentence, and testcontainers notes the whole log."""
    (tmp_path / "victim.py").write_text(
        "import probes\ndef check():\n    raise probes.Waiting('the database does not answer', 'start it')\n"
    )
    container = Container(image, tmp_path, {"checks": ["victim:check"]}).waiting_for(Ready(9000, timeout=2))
    with pytest.raises(TimeoutError) as overdue, container:
        pass
    assert re.fullmatch(
        r"not ready within 2 seconds; GET /health on port 9000 \(\S+:\d+\) had last: status 503, starting, "
        r"phase waiting, for \d\.\d+ s; check victim:check is waiting: the database does not answer \(attempt \d+\)",
        str(overdue.value),
    )
    assert "[WAIT] check victim:check" in overdue.value.__notes__[0]


def test_a_port_that_nobody_listens_on_is_told(image: str) -> None:
    """Another PORT than the one that is asked: the error names the port and the last try."""
    container = AirlockContainer(image, port=8000, timeout=1).with_env("PORT", "9999")
    with pytest.raises(TimeoutError, match=r"GET /health on port 8000 \(\S+:\d+\) had last: no answer \("), container:
        pass


def test_a_port_that_is_not_published_is_told_at_once(image: str) -> None:
    """Without `with_exposed_ports` there is nothing to wait for."""
    began = time.monotonic()
    container = DockerContainer(image).waiting_for(Ready(timeout=LONG))
    with pytest.raises(ConnectionError, match=r"Port mapping .* port 8000 is not available"), container:
        pass
    assert time.monotonic() - began < LONG / 10


def test_progress_can_be_watched(image: str, tmp_path: Path) -> None:
    """While it boots `health` has the checks, so that a test can hold it there."""
    with Container(image, tmp_path, {"critical_imports": ["hangs"]}) as container:
        container.wait_for("hanging")
        status, body = container.health()
        assert (status, body["phase"]) == (503, "importing")
        assert ("import hangs", "running") in [(check["name"], check["status"]) for check in body["checks"]]


def test_an_instance_that_is_not_well_is_told_by_its_indicators(image: str, tmp_path: Path) -> None:
    """A service that boots with a critical indicator down is not ready, and the timeout names it."""
    (tmp_path / "victim.py").write_text("def ping():\n    raise OSError('disk full')\n")
    indicators = ({"name": "disk", "call": "victim:ping", "critical": True},)
    container = Container(image, tmp_path, {"indicators": indicators}).waiting_for(Ready(9000, timeout=3))
    with pytest.raises(TimeoutError, match=r"status 503, unavailable, .*; disk is down: .*disk full"), container:
        pass


def test_without_testcontainers_the_import_says_what_to_install(image: str) -> None:
    """The image itself has none: importing the module there names the extra."""
    program = "try:\n    import probes.testing\nexcept ImportError as error:\n    print(error)"
    with AirlockContainer(image) as container:
        asked = container.exec(["python", "-c", program])
    assert re.search(
        r"^probes\.testing needs testcontainers \(No module named '\w+'\): pip install 'airlock\[testing\]'$",
        asked.output.decode().strip(),
    )


def test_the_example_in_the_readme_is_true(image: str) -> None:
    """It runs as it stands there, with the image under test."""
    section = (ROOT / "README.md").read_text().partition("## Integration tests\n")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example.replace('"airlock"', repr(image)), "README.md", "exec"), names)  # noqa: S102
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()


def get(url: str) -> Any:
    """What a URL answers with 200, from JSON."""
    with urlopen(url) as response:  # noqa: S310
        assert response.status == 200
        return json.load(response)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_can_be_described(body: bytes) -> None:
    """Whatever answers on the port, the description is one line or a quotation."""
    assert isinstance(describe(body), str)


@given(st.text())
def test_any_log_has_a_report(log: str) -> None:
    """A log without a report is shown by its last lines, and an empty one says so."""
    lines = report(log).splitlines()
    assert 1 <= len(lines) <= 40
