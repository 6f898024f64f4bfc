"""The definitions of custom resources that their projects publish as Go modules."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.lacking import lack

GATEWAY = ("sigs.k8s.io/gateway-api@v1.4.0", "config/crd/{channel}/gateway.networking.k8s.io_httproutes.yaml")
OPERATOR = (
    "github.com/prometheus-operator/prometheus-operator@v0.90.1",
    "example/prometheus-operator-crd/monitoring.coreos.com_{plural}.yaml",
)


def definition(source: tuple[str, str], **names: str) -> dict[str, Any]:
    """One CustomResourceDefinition; the test lacks it where it cannot be downloaded."""
    module, file = source
    text = (Path(downloaded(module)["Dir"]) / file.format(**names)).read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@functools.cache
def downloaded(module: str) -> dict[str, Any]:
    """What Go says of a module, PATH@VERSION, in its cache; the test lacks it where it cannot be downloaded."""
    if shutil.which("go") is None:
        lack("go", f"needs Go, with which {module} is downloaded: there is no `go` command")
    loaded = subprocess.run(["go", "mod", "download", "-json", module], cwd="/", capture_output=True, text=True)
    found: dict[str, Any] = json.loads(loaded.stdout or "{}")
    if "Dir" not in found:
        lack("go", f"{module} cannot be downloaded: {found.get('Error', loaded.stderr.strip())[:200]}")
    return found
