"""The child's work: prove the contract, start the application, and serve it (or, for `check`, stop it again)."""

from __future__ import annotations

import asyncio
import faulthandler
import gc
import importlib.util
from typing import TYPE_CHECKING

from probes import Failure, logs
from probes.blame import blame
from probes.contract import Contract, ContractError, load, locate
from probes.prover import Prover
from probes.references import resolve_callable
from probes.reporter import Reporter

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine
    from typing import Any

    from probes.environment import Environment
    from probes.gate.offspring import Links
    from probes.record import Record


def serve(
    environment: Environment,
    contract_file: str | None,
    listeners: list[socket.socket],
    links: Links,
    record: Record,
) -> int:
    """Prove, start, and serve until told to stop; the exit status."""

    def start(contract: Contract, reporter: Reporter) -> Coroutine[Any, Any, int]:
        from probes.serving import door

        return door.serve(resolve_callable(contract.app), contract, environment, listeners, reporter, links)

    return _run(environment, contract_file, links, record, start)


def prove(environment: Environment, contract_file: str | None, links: Links, record: Record) -> int:
    """Prove, start and stop; the verdict goes to the gate."""

    def start(contract: Contract, reporter: Reporter) -> Coroutine[Any, Any, int]:
        from probes.serving import door

        return door.rehearse(resolve_callable(contract.app), contract, reporter)

    return _run(environment, contract_file, links, record, start)


def _run(
    environment: Environment,
    contract_file: str | None,
    links: Links,
    record: Record,
    start: Callable[[Contract, Reporter], Coroutine[Any, Any, int]],
) -> int:
    gc.disable()  # imports make no garbage worth a search: without it they take 8 % less time
    faulthandler.enable(links.stack_fd)
    logs.configure(environment.log_format)
    reporter = Reporter(links.channel, record, environment.boot_timeout)
    try:
        contract = load(locate(contract_file or environment.contract or None))
    except ContractError as error:
        reporter.failed("contract", str(error), "mend the file, or name another with --contract or AIRLOCK_CONTRACT")
        return reporter.verdict(2)
    reporter.diagnostics(contract=str(contract.path), application=_origin(contract.app))
    if not Prover(contract, reporter).prove():
        return reporter.verdict(1)
    gc.freeze()
    gc.enable()
    try:
        return asyncio.run(start(contract, reporter))
    except BaseException as error:
        if not record.booting:
            raise
        told = error if isinstance(error, Failure) else Failure(f"raised {blame(error)}", "mend the cause")
        reporter.failed("start", told.detail, *told.resolution)
        return reporter.verdict(1)


def _origin(reference: str) -> str:
    """Where the application's package lies; it is not imported for that."""
    package = reference.partition(":")[0].partition(".")[0]
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:
        spec = None
    if spec is None:
        return f"{package}, which was not found"
    return f"{package} from {next(iter(spec.submodule_search_locations or ()), spec.origin)}"
