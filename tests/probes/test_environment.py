"""The gate's variables: what is accepted, and a sentence for everything that is not."""

from __future__ import annotations

import math
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.environment import Environment, UsageError
from tests.boot import APPS, PATIENCE, ROOT, Boot, request
from tests.conftest import BootModule

PORT = "a port number from 0 to 65535"
MORE_THAN_0 = "a number of seconds above 0"
UNUSABLE = [
    *(("PORT", value, PORT) for value in ("http", "-1", "65536", "80.0", "8 0", "٨٠", "0x50", "9" * 5000)),
    *(("MANAGEMENT_PORT", value, PORT) for value in ("off", "70000", "+1")),
    *(("BOOT_TIMEOUT", value, MORE_THAN_0) for value in ("0", "-1", "1m", "nan", "inf", "1e6", "0x10")),
    *(("GRACE_PERIOD", value, MORE_THAN_0) for value in ("0", "-0.1", "soon", "Infinity")),
    *(("DRAIN_DELAY", value, "a number of seconds, 0 or more") for value in ("-1", "5s", "NaN")),
    *(("LOG_FORMAT", value, "'text' or 'json'") for value in ("xml", "jsonl")),
    *(("WORKER_MODE", value, "'true' (worker only), 'false' (API only)") for value in ("yes", "1", "worker")),
]
NETWORK_NAMESPACE = ("unshare", "--user", "--map-root-user", "--net")
NUMBERS = ("PORT", "MANAGEMENT_PORT", "BOOT_TIMEOUT", "DRAIN_DELAY", "GRACE_PERIOD")
WORDS = ("LOG_FORMAT", "WORKER_MODE")

spellings = st.text("0123456789.-+_einfatrux \t\0é٣", max_size=12)
texts = st.one_of(spellings, st.integers(-5, 70000).map(str), st.floats().map(repr))


def problems(variables: dict[str, str]) -> list[str]:
    """What an environment complains about, a problem a line."""
    with pytest.raises(UsageError) as error:
        Environment(variables)
    return str(error.value).splitlines()


@given(st.dictionaries(st.sampled_from([*NUMBERS, *WORDS, "HOST", "METRICS_TOKEN"]), texts))
def test_any_text_is_read_or_complained_about(variables: dict[str, str]) -> None:
    """Nothing but a `UsageError` is raised, and what is accepted is within its bounds."""
    try:
        environment = Environment(variables)
    except UsageError as error:
        assert any(name in str(error) for name in variables)
        return
    assert 0 <= environment.port <= 65535
    assert environment.management_port is None or 0 <= environment.management_port <= 65535
    assert 0 < environment.boot_timeout < math.inf
    assert 0 <= environment.drain_delay < environment.grace_period < math.inf
    assert environment.log_format in ("text", "json")
    assert environment.mode in ("worker", "api", "all")


@given(st.integers(0, 65535), st.floats(0.001, 1e5), st.floats(0, 0.0009))
def test_what_is_written_is_what_is_read(port: int, timeout: float, delay: float) -> None:
    """Numbers come out as they went in, with blanks around them or without."""
    environment = Environment(
        {"PORT": f" {port} ", "BOOT_TIMEOUT": repr(timeout), "GRACE_PERIOD": repr(timeout), "DRAIN_DELAY": f"{delay}"}
    )
    assert environment.port == port
    assert environment.boot_timeout == environment.grace_period == timeout
    assert environment.drain_delay == delay


@pytest.mark.parametrize("variables", [{}, dict.fromkeys((*NUMBERS, *WORDS, "HOST", "METRICS_TOKEN"), " ")])
def test_unset_and_empty_are_the_default(variables: dict[str, str]) -> None:
    """The defaults are those of the fixed interface."""
    environment = Environment(variables)
    assert (environment.port, environment.host, environment.management_port) == (8000, "", None)
    assert (environment.boot_timeout, environment.drain_delay, environment.grace_period) == (60, 0, 25)
    assert (environment.log_format, environment.mode, environment.metrics_token) == ("text", "all", "")


@pytest.mark.parametrize(("mode", "name"), [("true", "worker"), ("FALSE", "api"), ("", "all")])
def test_worker_mode_chooses(mode: str, name: str) -> None:
    """Worker only, API only, or both in one process."""
    assert Environment({"WORKER_MODE": mode}).mode == name


@pytest.mark.parametrize(("name", "value", "accepted"), UNUSABLE)
def test_a_bad_value_names_variable_value_and_what_is_accepted(name: str, value: str, accepted: str) -> None:
    """One sentence says all that is needed to mend it."""
    (problem,) = problems({name: value})
    assert problem.startswith(f"{name}={value!r} is not usable: accepted is {accepted}")


def test_variables_that_contradict_each_other_are_named_together() -> None:
    """A delay that uses up the period, and two doors on one port, are told with both values."""
    delay, ports = problems({"DRAIN_DELAY": "30", "GRACE_PERIOD": "30", "PORT": "9000", "MANAGEMENT_PORT": "9000"})
    assert "DRAIN_DELAY=30" in delay
    assert "GRACE_PERIOD=30" in delay
    assert "MANAGEMENT_PORT=9000 is the same as PORT" in ports


def test_a_token_that_no_client_can_send_is_refused() -> None:
    """A bearer token is visible ASCII (RFC 6750, section 2.1); the value itself is a secret and is not shown."""
    for token in ("pässwort", "caf\udce9"):
        (problem,) = problems({"METRICS_TOKEN": token})
        assert problem.startswith("METRICS_TOKEN")
        assert "accepted is" in problem
        assert token not in problem


def test_the_command_reports_every_problem_at_once(tmp_path: Path) -> None:
    """Exit status 2 and one numbered error for each unusable variable; nothing was listened on."""
    variables = {name: value for name, value, _ in UNUSABLE if value.isascii()}
    with Boot(env=variables) as process:
        assert process.wait() == 2
    report = process.output
    assert f"{len(variables)} errors" in report
    assert "EXIT STATUS: 2" in report
    assert "Traceback" not in report
    assert "listening on" not in report
    for number, (name, value) in enumerate(sorted(variables.items(), key=lambda item: report.index(item[0])), 1):
        assert re.search(rf"ERROR {number}: .*\n +{name}={re.escape(repr(value))} is not usable", report), report


@pytest.mark.parametrize("variable", ["PORT", "MANAGEMENT_PORT"])
def test_a_port_in_use_is_said_with_the_way_out(variable: str) -> None:
    """Exit status 1 and a sentence with the port, its variable, why, and what to do."""
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        port = other.getsockname()[1]
        with Boot(env={variable: str(port)}) as process:
            assert process.wait() == 1
    assert re.search(
        rf"cannot listen on \S+ port {port} \({variable}\): another process listens there; "
        rf"stop it, or set {variable} to a free port",
        process.output,
    )
    assert "Traceback" not in process.output


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "2001:db8::1", "[::1]", "256.1.1.1", "no such host", "..", "a" * 64, "caf\udce9"]
)
def test_an_address_that_is_not_ours_is_said_with_the_way_out(host: str) -> None:
    """Whatever HOST holds, the end is a sentence about HOST, not a traceback."""
    with Boot(env={"HOST": host}) as process:
        assert process.wait() == 1
    assert "cannot listen on" in process.output
    assert "HOST" in process.output
    assert "Traceback" not in process.output


def test_all_interfaces_answer_on_both_protocols(boot: BootModule) -> None:
    """Without HOST one socket takes IPv4 and IPv6, before the hand-over and after it."""
    with boot({"HOST": ""}, critical_imports=["hangs"]) as process:
        assert process.wait_for(r"listening on (\S+):").group(1) == "[::]"
        for host in ("127.0.0.1", "::1"):
            assert request(process.port, "GET", "/healthz", host).status == 200
    with boot() as process:
        process.wait_ready()
        for host in ("127.0.0.1", "::1"):
            assert request(process.port, "GET", "/", host).body == b"hello from the application"


@pytest.mark.parametrize(
    ("host", "shown", "other"),
    [("127.0.0.1", "127.0.0.1", "::1"), ("::1", "[::1]", "127.0.0.1"), ("localhost", None, None)],
)
def test_host_narrows_the_door(host: str, shown: str | None, other: str | None, boot: BootModule) -> None:
    """With HOST it listens there and nowhere else."""
    with boot({"HOST": host}, critical_imports=["hangs"]) as process:
        listening = process.wait_for(r"listening on (\S+):").group(1)
        assert shown in (None, listening)
        assert request(process.port, "GET", "/healthz", host).status == 200
        if other:
            with pytest.raises(ConnectionRefusedError):
                request(process.port, "GET", "/healthz", other)


def test_a_kernel_without_ipv6_gets_ipv4(boot: BootModule, tmp_path: Path) -> None:
    """Where there is no IPv6 at all, the gate and the application serve on IPv4 alone."""
    prefix = (sys.executable, str(APPS / "without_ipv6.py"))
    with Boot({"app": "plain:app"}, folder=tmp_path, prefix=prefix) as process:
        process.wait_ready()
        assert process.wait_for(r"listening on (\S+):").group(1) == "0.0.0.0"
        assert process.get("/").body == b"hello from the application"


@pytest.mark.skipif(
    subprocess.run([*NETWORK_NAMESPACE, "true"], capture_output=True).returncode != 0,
    reason="this machine does not permit network namespaces",
)
def test_ipv6_switched_off_gets_ipv4(tmp_path: Path) -> None:
    """In a network namespace whose IPv6 is disabled by sysctl, as some container hosts have it, IPv4 answers."""
    script = 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && exec "$@"'
    prefix = (*NETWORK_NAMESPACE, "sh", "-c", script, "sh")
    with Boot({"app": "plain:app"}, folder=tmp_path, prefix=prefix) as process:
        process.wait_ready()
        inside = ("nsenter", "--user", "--preserve-credentials", "--net", "--target", str(process.process.pid))
        command = [*inside, sys.executable, "-m", "probes", "health", f"{process.url}/health"]
        health = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
        assert health.returncode == 0, health.stderr
        assert '"ok"' in health.stdout
