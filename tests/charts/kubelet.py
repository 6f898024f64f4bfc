"""Runs a rendered pod with Docker under the pod's own limits, and does to it what the kubelet does."""

from __future__ import annotations

import base64
import http.client
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from tests.charts.chart import Objects

_NEW_VOLUME = "1Gi"  # what is bound to a claim
_UNITS = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3}


class Pod:
    """The main `container` of a workload in `objects`, or the one of that name.

    `mounts` are folders of this machine by their path inside. Entering starts it, in a Docker `network` with an
    `alias`; it is gone when that is left, with what its claim has but for a Docker `volume` in its place. One of a
    StatefulSet has its first name.
    """

    def __init__(
        self,
        objects: Objects,
        folder: Path,
        kind: str = "Deployment",
        mounts: dict[str, Path] | None = None,
        network: str = "bridge",
        volume: str | None = None,
        alias: str | None = None,
        container: str | None = None,
    ) -> None:
        self.spec = objects.pod(kind)
        self.container = objects.container(kind, container)
        name = f"{objects.one(kind)['metadata']['name']}-0"
        self._env = {variable: _value(value, objects, name) for variable, value in objects.env(kind, container).items()}
        self._held = {port["name"]: _held_port() for port in self._ports()}
        self.ports = {port: int(held.getsockname()[1]) for port, held in self._held.items()}
        self._message = folder / "termination-log"
        self._mounts = mounts or {}
        self._volume = volume
        self._options = [f"--network={network}"]
        if alias:
            self._options.append(f"--network-alias={alias}")
        if kind == "StatefulSet":
            self._options.append(f"--hostname={name}")
        self._id = ""
        self.started = 0.0
        self.ended = threading.Event()
        self.exit_status: int | None = None

    def __enter__(self) -> Self:
        self._message.touch()
        self._message.chmod(0o666)
        for held in self._held.values():
            held.close()
        entrypoint, *arguments = self.container.get("command", [""]) + self.container.get("args", [])
        options = [*self._options, *self._limits()]
        options += [f"--entrypoint={entrypoint}"] if entrypoint else []
        self._id = _docker("run", "--detach", *options, self.container["image"], *arguments)
        self.started = time.monotonic()
        threading.Thread(target=self._wait, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["docker", "rm", "--force", self._id], capture_output=True)

    @property
    def log(self) -> str:
        """What it has printed."""
        command = ["docker", "logs", self._id]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    @property
    def termination_message(self) -> str:
        """What it has left for `kubectl describe`."""
        return self._message.read_text()

    def signal(self, name: str) -> None:
        """Send a signal to its first process."""
        _docker("kill", "--signal", name, self._id)

    def status(self, path: str, port: str = "http", timeout: float = 5.0) -> int:
        """The status of a GET; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _wait(self) -> None:
        waited = subprocess.run(["docker", "wait", self._id], capture_output=True, text=True)
        if waited.stdout.strip():
            self.exit_status = int(waited.stdout)
        self.ended.set()

    def _limits(self) -> list[str]:
        pod, own = self.spec["securityContext"], self.container["securityContext"]
        options = [f"--user={pod['runAsUser']}:{pod['runAsGroup']}", f"--group-add={pod['fsGroup']}"]
        options += [f"--cap-drop={name}" for name in own["capabilities"]["drop"]]
        options += ["--read-only"] if own["readOnlyRootFilesystem"] else []
        options += [] if own["allowPrivilegeEscalation"] else ["--security-opt=no-new-privileges"]
        memory = _bytes(self.container["resources"]["limits"]["memory"])
        options += [f"--memory={memory}", f"--memory-swap={memory}"]
        options += [f"--env={name}={value}" for name, value in self._env.items()]
        options += [f"--publish=127.0.0.1:{self.ports[port['name']]}:{port['containerPort']}" for port in self._ports()]
        volumes = {volume["name"]: volume for volume in self.spec.get("volumes", ())}
        for mount in self.container.get("volumeMounts", ()):
            volume = volumes[mount["name"]]
            if self._volume and "persistentVolumeClaim" in volume:
                options.append(f"--volume={self._volume}:{mount['mountPath']}")
            elif "emptyDir" in volume or "persistentVolumeClaim" in volume:
                size = _bytes(volume.get("emptyDir", {}).get("sizeLimit", _NEW_VOLUME))
                options.append(f"--tmpfs={mount['mountPath']}:size={size},mode=2777,gid={pod['fsGroup']}")
        message = self.container.get("terminationMessagePath", "/dev/termination-log")
        options.append(f"--volume={self._message}:{message}")
        return [*options, *(f"--volume={outside}:{inside}:ro" for inside, outside in self._mounts.items())]

    def _ports(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.container.get("ports", [])
        return found


class Kubelet(threading.Thread):
    """Probes a pod as the kubelet does: startup first, then readiness and liveness; `happened` has it in order."""

    def __init__(self, pod: Pod) -> None:
        super().__init__(daemon=True)
        self.pod = pod
        self._deleting = threading.Event()
        self.happened: list[str] = []
        self.ready = threading.Event()
        self.not_ready = threading.Event()
        self.not_ready.set()
        self.alive = threading.Event()

    def run(self) -> None:
        """Probe until the pod has ended."""
        if self._starts():
            self.happened.append("started")
            liveness = threading.Thread(target=self._watch_liveness, daemon=True)
            liveness.start()
            self._watch_readiness()
            liveness.join()
        elif not self.pod.ended.is_set():
            self._kill("startup")

    def delete(self) -> float:
        """SIGTERM, then the grace period, then SIGKILL; the seconds that it took."""
        self._deleting.set()
        began = time.monotonic()
        self.pod.signal("TERM")
        if not self.pod.ended.wait(self.pod.spec["terminationGracePeriodSeconds"]):
            self._kill("grace period")
        self.join(30)
        return time.monotonic() - began

    def _starts(self) -> bool:
        """Probe until it has started; False when the probe has failed too often, or the pod has ended."""
        probe = self.pod.container["startupProbe"]
        failed = 0
        pause = probe["initialDelaySeconds"]
        while failed < probe["failureThreshold"] and not self.pod.ended.wait(pause):
            if self._passes(probe):
                return True
            failed += 1
            pause = probe["periodSeconds"]
        return False

    def _watch_readiness(self) -> None:
        probe = self.pod.container["readinessProbe"]
        failed = 0
        pause = 0
        while not self.pod.ended.wait(pause):
            pause = probe["periodSeconds"]
            passes = self._passes(probe)
            failed = 0 if passes else failed + 1
            if passes and not self.ready.is_set():
                self.not_ready.clear()
                self.ready.set()
                self.happened.append("ready")
            elif failed >= probe["failureThreshold"] and self.ready.is_set():
                self.ready.clear()
                self.not_ready.set()
                self.happened.append("not ready")

    def _watch_liveness(self) -> None:
        probe = self.pod.container["livenessProbe"]
        failed = 0
        pause = 0
        while not self._deleting.wait(pause) and not self.pod.ended.is_set():
            pause = probe["periodSeconds"]
            if self._passes(probe):
                failed = 0
                self.alive.set()
            else:
                failed += 1
                if failed >= probe["failureThreshold"]:
                    self._kill("liveness")
                    return

    def _passes(self, probe: dict[str, Any]) -> bool:
        asked = probe["httpGet"]
        status = self.pod.status(asked["path"], asked["port"], probe["timeoutSeconds"])
        return http.client.OK <= status < http.client.BAD_REQUEST

    def _kill(self, why: str) -> None:
        self.happened.append(f"killed: {why}")
        self.pod.signal("KILL")
        self.pod.ended.wait(30)


def _held_port() -> socket.socket:
    """A port that is free, and that no client is given before it is let go."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    return held


def _value(value: Any, objects: Objects, name: str) -> str:
    if isinstance(value, str):
        return value
    if value.get("fieldRef") == {"fieldPath": "metadata.name"}:
        return name
    reference = value["secretKeyRef"]
    return base64.b64decode(objects.one("Secret", reference["name"])["data"][reference["key"]]).decode()


def _bytes(quantity: str) -> int:
    return int(quantity[:-2]) * _UNITS[quantity[-2:]]


def _docker(*arguments: str) -> str:
    run = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
