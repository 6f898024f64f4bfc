"""Kubernetes' own API server, built from its Go modules, and the etcd that it keeps its objects in."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.charts import debian
from tests.charts.definitions import downloaded
from tests.lacking import lack

VERSION = "1.35.4"
_MODULE = "k8s.io/kubernetes"
_SAYS = "k8s.io/component-base/version"  # the variables with what the server says its version is


def find(folder: Path) -> tuple[str, str]:
    """kube-apiserver and etcd, kept in `folder`; the test lacks them where they cannot be had.

    Building takes some minutes, unless Go's own cache has the packages.
    """
    etcd = debian.find("etcd", "etcd-server", folder)
    program = folder / "kube-apiserver"
    if not program.exists():
        _write_module(folder)
        major, minor, _ = VERSION.split(".")
        said = {"gitVersion": f"v{VERSION}", "gitMajor": major, "gitMinor": minor}
        flags = " ".join(["-s", "-w", *(f"-X {_SAYS}.{name}={value}" for name, value in said.items())])
        quick = "-gcflags=all=-N -l"  # a quarter less to compile, and fast enough for tests
        package = f"{_MODULE}/cmd/kube-apiserver"
        build = ["go", "build", "-mod=mod", quick, f"-ldflags={flags}", "-o", str(program), package]
        built = subprocess.run(build, cwd=folder, env=os.environ | {"CGO_ENABLED": "0"}, capture_output=True, text=True)
        if built.returncode:
            lack("kube-apiserver", f"kube-apiserver {VERSION} cannot be built here: {built.stderr.strip()[-300:]}")
    return str(program), etcd


def _write_module(folder: Path) -> None:
    """A module that requires Kubernetes, and of what it calls version 0.0.0 the one that was published with it."""
    described = ["go", "mod", "edit", "-json", downloaded(f"{_MODULE}@v{VERSION}")["GoMod"]]
    required = json.loads(subprocess.run(described, check=True, capture_output=True, text=True).stdout)
    staged = [each["Path"] for each in required["Require"] if each["Version"] == "v0.0.0"]
    published = VERSION.replace("1.", "v0.", 1)
    lines = ["module airlock.test/apiserver", f"go {required['Go']}", f"require {_MODULE} v{VERSION}"]
    lines += [f"replace {path} => {path} {published}" for path in staged]
    (folder / "go.mod").write_text("\n".join(lines) + "\n")
