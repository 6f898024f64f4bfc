"""A control plane of one's own: etcd and an API server, without nodes, and with no controller but one for Jobs."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx2

from tests.boot import PATIENCE
from tests.charts.chart import RELEASE, Object, helm
from tests.service.process import free_port

APPS = "/apis/apps/v1/namespaces"
MERGE = {"Content-Type": "application/merge-patch+json"}
_TOKEN = "secret"
_AT = "2026-01-01T00:00:00Z"
_SUCCEEDED = {
    "startTime": _AT,
    "completionTime": _AT,
    "succeeded": 1,
    "conditions": [{"type": name, "status": "True"} for name in ("SuccessCriteriaMet", "Complete")],
}


class Cluster:
    """Runs while it is entered, with everything that it needs in `folder`; who has the kubeconfig may do anything."""

    def __init__(self, folder: Path, apiserver: str, etcd: str) -> None:
        self._folder = folder
        self._programs = (etcd, apiserver)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.kubeconfig = folder / "kubeconfig"
        self._port = free_port()
        self.api: httpx2.Client
        self._plurals: dict[str, dict[str, str]] = {}
        self.jobs: dict[str, str] = {}
        """The namespace of each Job that there was, by its uid."""
        self._controller = threading.Thread(target=self._finish_jobs, daemon=True)
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        etcd, apiserver = self._programs
        store, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._start(
            etcd,
            f"--data-dir={self._folder / 'data'}",
            f"--listen-client-urls={store}",
            f"--advertise-client-urls={store}",
            f"--listen-peer-urls={peers}",
        )
        key, certificates = self._folder / "key.pem", self._folder / "certificates"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
        (self._folder / "tokens").write_text(f'{_TOKEN},tester,1,"system:masters"\n')
        self._start(
            apiserver,
            f"--etcd-servers={store}",
            f"--secure-port={self._port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={certificates}",
            f"--token-auth-file={self._folder / 'tokens'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
        )
        self._await((certificates / "apiserver.crt").exists)
        self._connect(certificates / "apiserver.crt")
        self._await(self._is_ready)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._controller.join(PATIENCE)
        self.api.close()

    def namespace(self, name: str) -> str:
        """A new namespace that lets in none but pods which are restricted (Pod Security Standards)."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        self.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        account = {"metadata": {"name": "default"}}  # made by a controller elsewhere
        self.create(f"/api/v1/namespaces/{name}/serviceaccounts", account)
        return name

    def helm(self, *arguments: str, values: Object | None = None, program: str = "helm") -> str:
        """What Helm says. Raises AssertionError when it fails."""
        ran = helm(*arguments, "--kubeconfig", str(self.kubeconfig), values=values, program=program)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    def get(self, path: str) -> Object:
        """The object, or the list of objects, at a path of the API."""
        found: Object = self.api.get(path).raise_for_status().json()
        return found

    def create(self, path: str, found: Object, *, dry: bool = False) -> None:
        """Create an object, or let the server only judge it. Raises AssertionError with what it says against it."""
        answer = self.api.post(path, params={"dryRun": "All"} if dry else {}, json=found)
        assert answer.is_success, answer.json()["message"]

    def judge(self, found: Object) -> None:
        """Let the server say what it would do with an object, applied. Raises AssertionError with what it says."""
        version = found["apiVersion"]
        group = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if version not in self._plurals:
            resources = self.get(group)["resources"]
            self._plurals[version] = {each["kind"]: each["name"] for each in resources if "/" not in each["name"]}
        name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
        answer = self.api.patch(
            f"{group}/namespaces/{namespace}/{self._plurals[version][found['kind']]}/{name}",
            params={"dryRun": "All", "fieldManager": "tests"},
            content=json.dumps(found),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, answer.json()["message"]

    def _start(self, *command: str) -> None:
        log = (self._folder / f"{Path(command[0]).name}.log").open("wb")
        with log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))

    def _connect(self, authority: Path) -> None:
        url = f"https://127.0.0.1:{self._port}"
        config: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": {"server": url, "certificate-authority": str(authority)}}],
            "users": [{"name": "it", "user": {"token": _TOKEN}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        self.kubeconfig.write_text(json.dumps(config))
        self.kubeconfig.chmod(0o600)
        trusted = ssl.create_default_context(cafile=str(authority))
        self.api = httpx2.Client(base_url=url, verify=trusted, headers={"Authorization": f"Bearer {_TOKEN}"})

    def _finish_jobs(self) -> None:
        """Does the Job controller's part: says of each Job that comes that it has succeeded."""
        while not self._ending.is_set():  # the server ends a watch when it likes, and begins one with what is there
            try:
                with self.api.stream("GET", "/apis/batch/v1/jobs", params={"watch": "1"}, timeout=None) as events:
                    for line in events.iter_lines():
                        self._finish(json.loads(line))
            except httpx2.TransportError:
                continue

    def _finish(self, event: Object) -> None:
        named = event["object"]["metadata"]
        if event["type"] == "ADDED" and named["uid"] not in self.jobs:
            self.jobs[named["uid"]] = named["namespace"]
            path = f"/apis/batch/v1/namespaces/{named['namespace']}/jobs/{named['name']}/status"
            self.api.patch(path, json={"status": _SUCCEEDED}, headers=MERGE).raise_for_status()

    def _is_ready(self) -> bool:
        try:
            return self.api.get("/readyz").is_success
        except httpx2.TransportError:
            return False

    def _await(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            ended = [each.args for each in self._processes if each.poll() is not None]
            assert not ended, f"{ended} ended: {self._logs()}"
            assert time.monotonic() < deadline, self._logs()
            time.sleep(0.05)

    def _logs(self) -> str:
        return "\n".join(file.read_text()[-2000:] for file in self._folder.glob("*.log"))


def deployment(cluster: Cluster, namespace: str) -> Object:
    """The API's workload."""
    return cluster.get(f"{APPS}/{namespace}/deployments/{RELEASE}")


def token(cluster: Cluster, namespace: str, name: str = RELEASE) -> bytes:
    """The metrics' token in the chart's Secret."""
    secret = cluster.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    return base64.b64decode(secret["data"]["METRICS_TOKEN"])


def environment(workload: Object) -> dict[str, str | None]:
    """The variables of the main container. Raises AssertionError when a name comes twice."""
    containers = workload["spec"]["template"]["spec"]["containers"]
    env = next(each for each in containers if each["name"] == "airlock")["env"]
    found = {entry["name"]: entry.get("value") for entry in env}
    assert len(found) == len(env)
    return found
