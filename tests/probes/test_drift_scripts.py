"""Drift in what shells run: tasks, workflows and scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.probes.drift_tree import Project, only

RUN = '"{{.PYTHON}} -m probes {{.CLI_ARGS}}"'
STEP = "          python -m probes check\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        (
            RUN,
            '"{{.PYTHON}} -m uvicorn service.app:app"',
            5,
            ["`{{.PYTHON}} -m uvicorn service.app:app` starts a server"],
        ),
        (RUN, "echo run", 4, ["the task run does not start the service"]),
        (RUN, "docker run --rm --entrypoint hypercorn shop", 5, ["starts a server"]),
        ('"{{.PYTHON}} -m pytest"', "cd x && uvicorn a:b", 8, ["`uvicorn a:b` starts a server"]),
        ("python -m probes check", "python -m probes chekc", 9, ["no command of Airlock"]),
        ("python -m probes check", "python -m service.setup", 9, ["starts a server", "no module service.setup"]),
        ("- cmd: python -m probes check", "- defer: flask run", 9, ["`flask run` starts a server"]),
    ],
)
def test_drift_is_found_in_a_taskfile(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """Another server, a task that no longer runs the service, a command and a module that there are not."""
    only(project.plant("Taskfile.yml", old, new), f"Taskfile.yml:{line}", *parts)


@pytest.mark.parametrize(
    ("new", "parts"),
    [
        ("uvicorn service.app:app &", ["`uvicorn service.app:app` starts a server"]),
        ("nohup gunicorn -w 4 service.app:app > log 2>&1 &", ["gunicorn -w 4 service.app:app"]),
        ("timeout 5 hypercorn service.app:app || true", ["hypercorn"]),
        ("poetry run fastapi dev", ["poetry run fastapi dev"]),
        ("python app.py", ["python app.py"]),
        ("cd x && (python -m service &)", ["python -m service"]),
        ("bash -c 'sleep 1; daphne a:b'", ["daphne a:b"]),
        ("for i in 1 2; do waitress-serve a:b; done", ["waitress-serve a:b"]),
        ("out=$(granian a:b)", ["granian a:b"]),
        ("python -m prboes", ["no module prboes; the nearest is probes"]),
        ("python -m servce.app", ["no module servce.app; the nearest is service"]),
        ("python -m deploy.run", ["no module deploy.run"]),
        ("curl -f http://localhost:8000/healthcheck", ["/healthcheck, which does not exist"]),
        ("airlock", ["`airlock` starts a server"]),
        ("GRACE_PERIOD=x python -m probes", ["GRACE_PERIOD='x' is not usable"]),
    ],
)
def test_drift_is_found_in_a_workflow(project: Project, new: str, parts: list[str]) -> None:
    """However a step starts another server, and whatever it asks that there is not."""
    file = ".github/workflows/ci.yml"
    only(project.plant(file, STEP, f"          {new}\n"), f"{file}:8", *parts)


@pytest.mark.parametrize(
    "new",
    [
        "pip install uvicorn gunicorn",
        "uvicorn --version",
        "# uvicorn service.app:app",
        "echo 'uvicorn service.app:app'",
        "python -m some_tool",
        "python -m pytest tests/bench/app.txt",
        "flask db upgrade",
        "docker run --entrypoint sh shop -c true",
        "cat <<EOF > notes\nuvicorn service.app:app\nEOF",
        "uv run python -m probes health http://localhost:8000/health",
        "curl https://example.org/healthcheck",
        "curl localhost:9090/api/v1/query",
        "python -m probes & curl localhost:8000/health?verbose",
        "python scripts/generate.py",
    ],
)
def test_what_starts_nothing_is_left_alone(project: Project, new: str) -> None:
    """Installing, naming, asking the version, tools of others, and our own commands are no drift."""
    assert project.plant("start.sh", "exec python -m probes\n", f"{new}\n") == []


def test_drift_is_found_in_scripts_by_ending_and_by_first_line(project: Project) -> None:
    """A script is one by its name, or because its first line names a shell."""
    only(project.plant("start.sh", "exec python -m probes", "exec uvicorn app:app"), "start.sh:3", "uvicorn app:app")
    (project.root / "start.sh").unlink()
    project.write("bin/serve", "#!/usr/bin/env bash\nset -e\nhypercorn app:app\n")
    only(project.findings(), "bin/serve:3", "hypercorn app:app")


def test_a_composite_action_is_read_and_another_working_directory_respected(project: Project) -> None:
    """Modules are looked for where the step stands; where that is not the root, they are not judged."""
    action = ".github/actions/boot/action.yml"
    text = "runs:\n  steps:\n    - run: python -m service.none\n      working-directory: x\n"
    project.write(action, text.replace("service.none", "apps.none"))
    assert project.findings() == []
    project.write(action, "runs:\n  steps:\n    - run: |\n        uvicorn a:b\n")
    only(project.findings(), f"{action}:4", "uvicorn a:b")
