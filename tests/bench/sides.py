"""What is compared: the gate with an application, and its peers with the same one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.processes import ROOT, Program

PROGRAMS = Path(__file__).parent / "programs"
APPS = ROOT / "tests" / "probes" / "apps"
TOKEN = "for-the-benchmark-alone"
"""What opens the API of the service."""


@dataclass(frozen=True)
class Application:
    """An ASGI application with the contract that the gate proves; `path` is one of its own that answers 200."""

    name: str
    contract: dict[str, Any]
    path: str = "/"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """`module:attribute`."""
        return str(self.contract["app"])


def plain() -> Application:
    """The smallest application: what the gate costs is nowhere more visible."""
    return Application("plain application", {"app": "plain:app"})


def small() -> Application:
    """The smallest application whose answers have a length, as those of frameworks have."""
    return Application("small application", {"app": "small:app"})


def holds_gil() -> Application:
    """The plain application behind an import that keeps the GIL."""
    return Application("import that keeps the GIL", {"app": "holds_gil:app"})


def service(folder: Path, **settings: str) -> Application:
    """The service this project ships, with its own contract; from a checkout, which need not be installed.

    Its database is in `folder` unless `settings` name another one; it has the schema, so that no side makes it, and is
    without the demo's mail.
    """
    contract = tomllib.loads((ROOT / "service" / "contract.toml").read_text())
    environment = {"DATA_DIR": str(folder / "data"), "DEMO": "false", "ACCESS_TOKEN": TOKEN, **settings}
    subprocess.run(
        [sys.executable, "-m", "service", "migrate"], cwd=ROOT, env=os.environ | environment, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return Application("the service", contract | {"strict-origin": False}, environment=environment)


def gate(application: Application, folder: Path, **keys: Any) -> Program:
    """`python -m probes`, with `keys` added to the contract, which is written to `folder`."""
    contract = application.contract | {name.replace("_", "-"): value for name, value in keys.items()}
    file = folder / f"{application.name} {' '.join(keys)}.toml".replace(" ", "-")
    file.write_text(_toml(contract))
    return Program((sys.executable, "-m", "probes"), _path(), application.environment | {"AIRLOCK_CONTRACT": str(file)})


def hypercorn(application: Application) -> Program:
    """Hypercorn alone, in one process and with the gate's own settings."""
    program = str(PROGRAMS / "plain_hypercorn.py")
    return Program((sys.executable, program, application.reference, "{port}"), _path(), application.environment)


def hypercorn_command(application: Application) -> Program:
    """Hypercorn as people start it; its command spawns a second interpreter for the one worker."""
    command = (sys.executable, "-m", "hypercorn", "-b", "127.0.0.1:{port}", application.reference)
    return Program(command, _path(), application.environment)


def accept_loop() -> Program:
    """The least that can answer a probe."""
    return Program((sys.executable, "-I", "-S", str(PROGRAMS / "accept_loop.py"), "{port}"))


def thread_prober(application: Application) -> Program:
    """Answers probes in a thread of the process that imports the application."""
    program = str(PROGRAMS / "thread_prober.py")
    return Program((sys.executable, program, application.reference.partition(":")[0], "{port}"), _path())


def _path() -> tuple[Path, ...]:
    return APPS, PROGRAMS, ROOT


def _toml(contract: dict[str, Any]) -> str:
    """TOML of plain values and of tables in lists; JSON writes the values the same way."""
    values = {key: value for key, value in contract.items() if key != "indicator"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    for table in contract.get("indicator", []):
        lines += ["[[indicator]]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"
