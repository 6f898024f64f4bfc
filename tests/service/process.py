"""Starts the service, or an application of tests/service/apps, behind the gate."""

from __future__ import annotations

import re
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.boot import ROOT, Boot, write_contract

if TYPE_CHECKING:
    from typing import Any

    from tests.boot import Reply

TOKEN = "open-sesame-for-tests"
"""What opens the API of a service that `start` started."""
CONTRACT = ROOT / "service" / "contract.toml"
APPS = Path(__file__).parent / "apps"


class Service(Boot):
    """The service itself, by its own contract; without DATA_DIR it keeps what it has in a folder that goes with it."""

    def __init__(self, **env: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="airlock-test-")
        super().__init__(CONTRACT, env={**_env(Path(self._folder.name)), **env}, path=())

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._folder.cleanup()


def start(**env: str) -> Boot:
    """The service with these variables."""
    return Service(**env)


def start_app(folder: Path, env: dict[str, str] | None = None, **keys: Any) -> Boot:
    """An application of tests/service/apps, by a contract with these keys; what it keeps is in `folder`."""
    contract = write_contract(folder, **{"checks": ["service.store.health:check"], **keys})
    return Boot(contract, env={**_env(folder), **(env or {})}, path=(APPS,))


def _env(data: Path) -> dict[str, str]:
    return {"ACCESS_TOKEN": TOKEN, "DEMO": "false", "DATA_DIR": str(data)}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


class Asked(Protocol):
    """A service, as a process or in a container."""

    def get(self, path: str, **fields: str) -> Reply:
        """GET from the traffic port."""
        ...


def metric(service: Asked, sample: str) -> float:
    """The value of one sample in /metrics."""
    match = re.search(rf"^{re.escape(sample)} (\S+)$", service.get("/metrics").body.decode(), re.MULTILINE)
    assert match, f"no sample {sample}"
    return float(match[1])


def indicator(service: Asked, name: str) -> str:
    """What /health says of an indicator."""
    indicators = service.get("/health?verbose").json()["indicators"]
    return next(str(one["detail"]) for one in indicators if one["name"] == name)
