"""`python -m probes drift`: the command, what it examines and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from probes.drift.scan import KINDS, scan
from tests.boot import PATIENCE, ROOT
from tests.probes.drift_tree import Project, only


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift, with files of every kind."""
    return Project(tmp_path)


def run(*arguments: str | Path, python: str = sys.executable, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command where this repository is."""
    return subprocess.run(
        [python, "-m", "probes", "drift", *arguments],
        cwd=ROOT, env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


def test_this_repository_has_no_drift() -> None:
    """Everything that deploys this project starts `python -m probes`: the image, the Procfile, the README, the task."""
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    found = scan(ROOT)
    assert {"image/Dockerfile", "Procfile", "README.md", "Taskfile.yml"} <= {start.place.file for start in found.starts}
    chart = {"charts/airlock/templates/_pod.tpl", "charts/airlock/values.yaml"}
    workflows = {"render.yaml", "render.scaled.yaml", ".github/workflows/ci.yml"}
    assert chart | workflows <= {one.file for one in found.examined}


def test_a_project_without_drift_passes_and_is_told_what_was_examined(project: Project) -> None:
    """Every kind of file is there and read, comments and tests and virtual environments notwithstanding."""
    found = scan(project.root)
    assert found.findings == []
    assert {one.kind for one in found.examined} == {kind.name for kind in KINDS}
    done = run(project.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Procfile: Procfile (2 starts)" in done.stdout
    assert done.stdout.endswith(
        f"no drift: {len(found.examined)} files examined, {len(found.starts)} starts of the service\n"
    )


def test_drift_is_reported_with_place_and_way_out_and_exit_status_1(project: Project) -> None:
    """All findings are there, numbered, each as file:line, what was found, what it should be and what to do."""
    project.plant("Procfile", "web: python -m probes", "web: uvicorn service.app:app")
    project.plant("render.yaml", "healthCheckPath: /health", "healthCheckPath: /status")
    done = run(project.root)
    assert done.returncode == 1
    assert (
        "DRIFT 1: Procfile:1: web starts `uvicorn service.app:app`; it should be `python -m probes`\n    way out: "
        in done.stdout
    )
    assert (
        "DRIFT 2: render.yaml:7: healthCheckPath of shop is at /status, which does not exist; it should be /health"
        in done.stdout
    )
    assert "2 found: " in done.stdout


def test_json_says_the_same_to_machines(project: Project) -> None:
    """`--format json` is one document with status, examined files, starts and findings."""
    project.plant("Procfile", "web: python -m probes", "web: uvicorn service.app:app")
    done = run(project.root, "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["status"] == "failed"
    assert document["findings"][0] | {"resolution": ""} == {
        "file": "Procfile",
        "line": 1,
        "found": "web starts `uvicorn service.app:app`",
        "expected": "it should be `python -m probes`",
        "resolution": "",
    }
    assert {"file": "Procfile", "line": 2, "command": "WORKER_MODE=true python -m probes"} in document["starts"]
    assert {"file": "Procfile", "kind": "Procfile", "starts": 1} in document["examined"]


def test_a_root_that_proves_nothing_is_a_usage_error(tmp_path: Path) -> None:
    """2 for a folder that is not there, for one without deployment files, and for an option that there is not."""
    assert run(tmp_path / "none").returncode == 2
    done = run(tmp_path)
    assert done.returncode == 2
    assert "has no deployment file" in done.stderr
    assert run("--format", "xml").returncode == 2


def test_without_the_yaml_library_the_command_names_the_extra(tmp_path: Path) -> None:
    """It says what to install, instead of a traceback."""
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError(\"No module named 'yaml'\", name='yaml')\n")
    done = run(PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == "drift needs PyYAML, which is not installed: pip install 'airlock[drift]'\n"


def test_nothing_that_is_read_is_run(project: Project, tmp_path: Path) -> None:
    """A module that a file names, and packages of the project, are looked for and not imported."""
    for package in ("service/__init__.py", "service/app.py", "service/prepare.py", "service/danger.py"):
        project.write(package, f"open({str(tmp_path / 'was-run')!r}, 'w')\n")
    findings = project.plant("Procfile", "release: python -m service.prepare", "release: python -m service.danger")
    assert findings == []
    assert not (tmp_path / "was-run").exists()


def test_what_is_no_deployment_is_left_alone(project: Project) -> None:
    """Tests start what they like, history tells what was, and hidden folders belong to tools."""
    for path in (
        "tests/image/Dockerfile",
        "service/tests/app.Dockerfile",
        ".cache/Dockerfile",
        "node_modules/x/Dockerfile",
    ):
        project.write(path, 'FROM debian\nCMD ["uvicorn", "service.app:app"]\n')
    project.write("tests/compose.yaml", "services: {shop: {build: ., command: uvicorn app:app}}\n")
    project.write("image/Dockerfile.dockerignore", "*\n")
    project.write("service/dockerfile.py", "CMD = 'uvicorn'\n")
    assert project.findings() == []


def test_a_file_that_cannot_be_read_is_not_passed_over(project: Project) -> None:
    """What is no YAML is reported with its line, and the other files are examined all the same."""
    project.plant("Procfile", "web: python -m probes", "web: uvicorn app:app")
    findings = project.plant("render.yaml", "    runtime: docker\n", "    runtime: [docker\n")
    assert [finding.place.file for finding in findings] == ["Procfile", "render.yaml"]
    assert "this is not YAML" in findings[1].found


def test_a_start_behind_a_byte_order_mark_is_seen(project: Project) -> None:
    """Windows editors put one at the beginning of a file."""
    (project.root / "Procfile").write_bytes(b"\xef\xbb\xbfweb: uvicorn app:app\r\n")
    only(project.findings(), "Procfile:1", "uvicorn app:app")


def test_the_gate_is_free_of_drift() -> None:
    """Nothing of it is imported before the command is chosen."""
    code = "import sys, probes.cli; print([name for name in sys.modules if 'drift' in name or name == 'yaml'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "[]\n"
