"""The checks of the boot contract, in the order in which they run in the child before anything is served."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from probes.checks import (
    application,
    critical_import,
    origin,
    own_check,
    package_mode,
    path_integrity,
    python_version,
    requirements,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.contract import Contract


class Check(NamedTuple):
    """A check that is still to run; what it returns is a detail, None, or an awaitable of either."""

    name: str
    phase: Literal["checking", "importing"]
    run: Callable[[], object]


def plan(contract: Contract, warn: Callable[[str], None]) -> list[Check]:
    """The checks that `contract` asks for. They raise `Failure`, `Waiting`, or whatever the service's own raise.

    `warn` takes the text of what is suspicious but does not fail the boot.
    """
    package = contract.app.partition(":")[0].partition(".")[0]
    names = (contract.app, *contract.critical_imports, *contract.checks)
    packages = list(dict.fromkeys(name.partition(":")[0].partition(".")[0] for name in names))
    checks = [
        Check("package-mode", "checking", partial(package_mode.check, package)),
        Check("origin", "checking", partial(origin.check, packages, contract.strict_origin, warn)),
        Check("requirements", "checking", partial(requirements.check, package, warn)),
    ]
    if contract.forbidden_paths:
        checks.insert(1, Check("paths", "checking", partial(path_integrity.check, contract.forbidden_paths)))
    if contract.python is not None:
        checks.insert(0, Check("python", "checking", partial(python_version.check, contract.python)))
    checks += [
        Check(f"import {name}", "importing", partial(critical_import.check, name)) for name in contract.critical_imports
    ]
    checks += [
        Check("server", "importing", partial(critical_import.check, "probes.serving.door")),
        Check(f"app {contract.app}", "importing", partial(application.check, contract.app)),
    ]
    checks += [
        Check(f"indicator {indicator.name}", "importing", partial(application.check, indicator.call))
        for indicator in contract.indicators
    ]
    checks += [
        Check(f"check {reference}", "checking", partial(own_check.check, reference)) for reference in contract.checks
    ]
    return checks
