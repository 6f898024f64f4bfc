"""A small world to check contracts in: a virtual environment, a project folder, distributions, a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import packaging

from tests.boot import PATIENCE, ROOT, write_contract

_DRIVER = """
import asyncio, inspect, json, sys
from pathlib import Path
from probes import Waiting
from probes.checks import plan
from probes.contract import load

outcomes, warnings = {}, []
for check in plan(load(Path(sys.argv[1])), warnings.append):
    outcome = {"phase": check.phase, "status": "ok", "detail": "", "resolution": []}
    try:
        result = check.run()
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        outcome["detail"] = result if isinstance(result, str) else type(result).__name__
    except Waiting as error:
        outcome |= {"status": "waiting", "detail": error.detail, "resolution": error.resolution}
    except BaseException as error:
        detail = getattr(error, "detail", repr(error))
        outcome |= {"status": "failed", "detail": detail, "resolution": getattr(error, "resolution", [])}
    outcomes[check.name] = outcome
print(json.dumps({"outcomes": outcomes, "warnings": warnings}))
"""

_BACKEND = """
import os, zipfile

def _wheel(folder, name, content):
    wheel = f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = content | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = "".join(f"{file},,\\n" for file in files) + f"{info}/RECORD,,\\n"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for file, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(file, text)
    return wheel

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = os.path.basename(os.getcwd())
    return _wheel(folder, name, {f"{name}/__init__.py": open(f"{name}/__init__.py").read()})

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = os.path.basename(os.getcwd())
    return _wheel(folder, name, {f"__editable__{name}.pth": os.getcwd() + "\\n"})
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one check."""

    phase: str
    status: str
    detail: str
    resolution: list[str]


class World:
    """A virtual environment in `folder` where the gate is installed, and beside it an empty project."""

    def __init__(self, folder: Path, *, with_packaging: bool = True) -> None:
        self.folder = folder.resolve()
        self.project = self.folder / "project"
        self.project.mkdir()
        venv.create(self.folder / "venv", symlinks=True)
        self.python = self.folder / "venv" / "bin" / "python"
        self.site = next((self.folder / "venv" / "lib").glob("python3*")) / "site-packages"
        (self.site / "probes").symlink_to(ROOT / "probes")
        (self.site / "plan_driver.py").write_text(_DRIVER)
        if with_packaging:
            (self.site / "packaging").symlink_to(Path(packaging.__file__).parent)
        self.warnings: list[str] = []

    def write(self, file: str, text: str = "") -> Path:
        """A file below the world's folder, with the directories above it."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def distribution(
        self,
        name: str,
        version: str = "1.0",
        *,
        requires: tuple[str, ...] = (),
        packages: tuple[str, ...] = (),
        project: Path | None = None,
    ) -> Path:
        """The dist-info of an installed distribution: with `packages` copied in, or editable from `project`."""
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        fields = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
        fields += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join([*fields, "", "A description.", "Requires-Dist: not-a-field"]))
        for package in packages:
            (self.site / package).mkdir()
            (self.site / package / "__init__.py").write_text("def app(): ...\n")
        (info / "RECORD").write_text("".join(f"{package}/__init__.py,,\n" for package in packages))
        if project is not None:
            record = {"url": project.as_uri(), "dir_info": {"editable": True}}
            (info / "direct_url.json").write_text(json.dumps(record))
        return info

    def pip_install(self, name: str, *options: str) -> Path:
        """Install a project `name` with one package of that name, by pip; the project's folder."""
        init = self.write(f"{name}/{name}/__init__.py", "def app(): ...\n")
        project = init.parent.parent
        self.write(f"{name}/backend.py", _BACKEND)
        self.write(
            f"{name}/pyproject.toml",
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        )
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check", "install"]
        offline = ["--no-index", "--no-build-isolation", "--quiet"]
        subprocess.run([*pip, *offline, *options, str(project)], check=True, timeout=60)
        return project

    def check(
        self,
        *,
        cwd: Path | None = None,
        path: tuple[Path, ...] = (),
        options: tuple[str, ...] = (),
        **contract: Any,
    ) -> dict[str, Outcome]:
        """Run the plan of a contract with these keys in a fresh interpreter; the outcomes by the checks' names.

        `path` is its PYTHONPATH, `options` are the interpreter's; its warnings are in `warnings` afterwards.
        """
        file = write_contract(self.folder, **({"app": "service:app"} | contract))
        variables = {"PATH": os.environ["PATH"]}
        if path:
            variables["PYTHONPATH"] = os.pathsep.join(map(str, path))
        done = subprocess.run(
            [self.python, *options, "-m", "plan_driver", file],
            cwd=cwd or self.project,
            env=variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout.splitlines()[-1])
        self.warnings = report["warnings"]
        return {name: Outcome(**outcome) for name, outcome in report["outcomes"].items()}
