"""The commands: boot (none named), `check`, `drift`, `health`. Up to the fork, standard library only."""

from __future__ import annotations

import os
import sys
import time

from probes.environment import Environment, UsageError
from probes.gate.listener import ListenError, listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    import socket

    from probes.gate.offspring import Links
    from probes.record import Record


def main() -> int:
    """Run the command that the arguments name; its exit status."""
    started = time.monotonic()
    _fill_standard_streams()
    arguments = _parse(sys.argv[1:]) if len(sys.argv) > 1 else None
    if arguments is None or arguments.command is None:
        return boot(started, arguments.contract if arguments else None)
    if arguments.command == "check":
        return check(started, arguments.contract, arguments.format)
    if arguments.command == "drift":
        from probes.drift.command_line import drift

        return drift(arguments.root, arguments.format)
    from probes.health import health

    return health(arguments.url)


def boot(started: float, contract: str | None) -> int:
    """Listen, prove, serve, drain. Exit status 0 stopped, 1 the boot failed, 2 usage, then the child's own."""
    listeners: list[socket.socket] = []
    try:
        environment = Environment(os.environ)
        listeners.append(listen(environment.host, environment.port))
        if environment.management_port is not None:
            listeners.append(listen(environment.host, environment.management_port, "MANAGEMENT_PORT"))
    except (UsageError, ListenError) as error:
        return _refuse(error, started)

    from probes.gate.gate import Gate

    def work(links: Links, record: Record) -> int:
        from probes.child import serve

        return serve(environment, contract, listeners, links, record)

    return Gate(environment, work, listeners, environment.log_format, started).run()


def check(started: float, contract: str | None, output: str) -> int:
    """Prove without a socket: 0 the contract holds, 1 it is broken, 2 usage or an unreadable contract."""
    from probes.gate.gate import Gate

    log_format = "document" if output == "json" else "text"
    try:
        environment = Environment(os.environ)
    except UsageError as error:
        return _refuse(error, started, log_format)

    def work(links: Links, record: Record) -> int:
        from probes.child import prove

        if output == "json":
            os.dup2(2, 1)  # whatever the application prints must not mix with the document
        return prove(environment, contract, links, record)

    return Gate(environment, work, [], log_format, started).run()


def _fill_standard_streams() -> None:
    """Nothing that is opened later may get the number of a standard stream that was closed."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(descriptor)


def _refuse(error: UsageError | ListenError, started: float, log_format: str = "") -> int:
    """The report of a boot that ended before it began."""
    from probes.gate.diagnostics import diagnose
    from probes.gate.report import log_for, summary, write_termination_log
    from probes.record import Record

    status, name = (2, "environment") if isinstance(error, UsageError) else (1, "listen")
    record = Record(started)
    for number, problem in enumerate(str(error).splitlines()):
        record.apply({"check": f"{name}{f' ({number + 1})' * bool(number)}", "status": "failed", "detail": problem})
    fallback = "json" if os.environ.get("LOG_FORMAT", "").lower() == "json" else "text"
    log_for(log_format or fallback).failed(record, status, diagnose(Environment({})))
    write_termination_log(os.environ.get("TERMINATION_LOG", ""), summary(record, status))
    return status


def _parse(arguments: list[str]) -> argparse.Namespace:
    import argparse

    import probes

    contract = argparse.ArgumentParser(add_help=False)
    contract.add_argument(
        "--contract",
        metavar="FILE",
        help="the boot contract (default: AIRLOCK_CONTRACT, or service/contract.toml)",
    )
    parser = argparse.ArgumentParser(
        prog="python -m probes",
        description="Without a command: open the socket, prove that the service can serve, then serve.",
        parents=[contract],
    )
    parser.add_argument("--version", action="version", version=f"airlock {probes.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    checking = commands.add_parser(
        "check", help="run the contract without serving: 0 it holds, 1 it is broken, 2 it is unreadable"
    )
    checking.add_argument("--contract", metavar="FILE", default=argparse.SUPPRESS, help="the boot contract")
    checking.add_argument("--format", choices=("text", "json"), default="text", help="what to print (text)")
    drifting = commands.add_parser(
        "drift", help="prove that no deployment file starts anything else: 0 none does, 1 some do, 2 nothing to examine"
    )
    drifting.add_argument("root", nargs="?", default=".", metavar="ROOT", help="the project's folder (where you stand)")
    drifting.add_argument("--format", choices=("text", "json"), default="text", help="what to print (text)")
    healthy = commands.add_parser("health", help="ask a running instance: 0 when it is ready")
    healthy.add_argument("url", nargs="?", metavar="URL", help="default: /health on this machine's PORT")
    return parser.parse_args(arguments)
