"""A bridge network on which a container's address is known, and can be asked, before the container starts."""

from __future__ import annotations

import ipaddress
import os
import subprocess
from typing import TYPE_CHECKING, Self

from tests.bench.image.engine import docker
from tests.bench.processes import Broken

if TYPE_CHECKING:
    from types import TracebackType

MAC = "02:42:00:00:00:02"


class Bridge:
    """A context manager; one container at a time, made with `options`, is named `container` and has `address`."""

    def __init__(self) -> None:
        self._name = f"airlock-{os.getpid()}"
        self.container = self._name

    def __enter__(self) -> Self:
        subnet = self._free_subnet()
        option = f"com.docker.network.bridge.name={self._name}"
        docker("network", "create", "--subnet", str(subnet), "--opt", option, self._name)
        self.address = str(subnet[2])
        self.options = ("--name", self.container, "--network", self._name, "--ip", self.address, "--mac-address", MAC)
        try:
            self._introduce()
        except BaseException:
            docker("network", "rm", self._name)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        docker("network", "rm", self._name)

    def _free_subnet(self) -> ipaddress.IPv4Network:
        """One that the engine would choose itself: it gives out fixed addresses only in subnets that are named."""
        docker("network", "create", self._name)
        subnet = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", self._name)
        docker("network", "rm", self._name)
        return ipaddress.IPv4Network(subnet)

    def _introduce(self) -> None:
        """Tell the host who has the address: else a probe before the container is there asks again after a second."""
        command = ["ip", "neighbour", "replace", self.address, "lladdr", MAC, "dev", self._name, "nud", "permanent"]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise Broken("there is no command `ip`: install iproute2") from None
        except subprocess.CalledProcessError as error:
            raise Broken(f"`{' '.join(command)}`: {error.stderr.strip()}; run this as root beside the engine") from None
