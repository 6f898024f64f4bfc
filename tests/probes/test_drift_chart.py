"""Drift in Helm charts, whose templates are read unrendered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.drift.outline import outline, outlines, words
from tests.probes.drift_tree import Project, only

TEMPLATE = "charts/shop/templates/api.yaml"
COMMAND = """\
          command:
          - python
          - -m
          - probes
"""

JOB = """\
kind: Job
metadata:
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade"}
spec:
  containers:
    - name: shop
      image: {{ .Values.image }}
      command: [python, -m, service, migrate]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project without drift."""
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("          - probes\n", "          - service.app\n", 15, ["starts `python -m service.app`"]),
        (
            COMMAND,
            '          command: ["uvicorn", "app:app"]\n',
            15,
            ["command of the container starts `uvicorn app:app`"],
        ),
        (
            COMMAND,
            "          command:\n            - sh\n            - -c\n            - python -m probes\n",
            15,
            ["starts `sh -c"],
        ),
        (COMMAND, "          args: [check]\n", 15, ["args of the container starts `python -m probes check`"]),
        (COMMAND, '          args: ["{{ .Values.mode }}"]\n', 15, ["args of the container"]),
        ('"service.prepare"', '"service.setup"', 11, ["no module service.setup"]),
        ("path: /healthz", "path: /livez", 29, ["the liveness probe is at /livez, which does not exist"]),
        ("path: /healthz", "path: /health", 29, ["to be restarted for that would never end"]),
        (
            "              path: /healthz\n",
            '              path: "/metrics/"\n',
            29,
            ["/metrics/, which does not exist"],
        ),
        ("containerPort: 8001", "containerPort: 9090", 26, ["containerPort is port 9090", "8000 and 8001"]),
        ("containerPort: {{ .Values.port }}", "containerPort: {{ .Values.other }}", 0, []),
        ("path: /metrics\n", "path: /prometheus\n", 39, ["metrics are read from /prometheus"]),
    ],
)
def test_drift_is_found_in_a_template(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """Another command, other arguments, a probe's path or a port that does not exist; what is not known is no drift."""
    findings = project.plant(TEMPLATE, old, new)
    if line:
        only(findings, f"{TEMPLATE}:{line}", *parts)
    else:
        assert findings == []


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("command: []", 'command: ["gunicorn"]', 3, ["command starts `gunicorn`"]),
        ("command: []", "worker: {args: [health]}", 3, ["worker.command starts `python -m probes health`"]),
        ("path: /health", "path: /healthz", 7, ["the readiness probe asks /healthz"]),
        ("    httpGet:\n      path: /health\n", "    path: /status\n", 6, ["/status, which does not exist"]),
    ],
)
def test_drift_is_found_in_values(project: Project, old: str, new: str, line: int, parts: list[str]) -> None:
    """The values may bring a command or a path as well, wherever they stand."""
    only(project.plant("charts/shop/values.yaml", old, new), f"charts/shop/values.yaml:{line}", *parts)


def test_a_port_that_the_values_give_is_followed(project: Project) -> None:
    """A number in values.yaml reaches the container's port and PORT alike, or contradicts them."""
    assert project.plant("charts/shop/values.yaml", "port: 8000", "port: 8080") == []
    project.write("charts/shop/values.yaml", "port: 8000\nmanagement: 9001\n")
    only(project.findings(), f"{TEMPLATE}:26", "containerPort is port 8001", "8000 and 9001")


def test_helm_tests_and_notes_are_read(project: Project) -> None:
    """A test of the release asks a path that exists, and so does what the notes tell to type."""
    notes = "charts/shop/templates/NOTES.txt"
    only(project.plant(notes, "/health", "/readyz"), f"{notes}:1", "/readyz, which does not exist")
    project.write(notes, "")
    pod = "charts/shop/templates/tests/ready.yaml"
    only(project.plant(pod, "[health,", "[healthy,"), f"{pod}:6", "no command of Airlock")


def test_a_job_may_run_a_command_of_the_application(project: Project) -> None:
    """What ends by itself is no start of the service, but a program that there is; a workload may not run it."""
    job = "charts/shop/templates/migration.yaml"
    project.write(job, JOB)
    only(
        project.findings(), f"{job}:8", "`python -m service migrate` runs a module: the package service has no __main__"
    )
    project.write("service/__main__.py", "")
    assert project.findings() == []
    only(project.plant(job, "kind: Job", "kind: Deployment"), f"{job}:8", "starts `python -m service migrate`")


def test_ports_are_not_guessed(project: Project) -> None:
    """Where a template computes PORT, nothing is said of ports."""
    project.plant("charts/shop/values.yaml", "port: 8000", "port: 8080")
    assert project.plant(TEMPLATE, "value: {{ .Values.port | quote }}", 'value: {{ include "port" . }}') == []


def test_the_outline_has_paths_lines_and_lists() -> None:
    """Keys above an entry, lists at the indentation of their key, quotes and comments."""
    text = """\
{{- define "pod" }}
spec:
  containers:
  - name: "a" # the first
    {{- if .x }}
    command:
    - python
    - '-m'
    {{- end }}
    args: ["--contract", "/a b"]
  - name: b
    image: {{ .Values.image }}
    args: [check, {{ .y }}]
"""
    entries = outline(text, 10)
    names = [entry for entry in entries if entry.key == "name"]
    assert [(entry.line, entry.above, entry.value) for entry in names] == [
        (13, ("spec", "containers"), '"a"'),
        (20, ("spec", "containers"), "b"),
    ]
    assert names[0].item != names[1].item
    lists = {(entry.line, entry.key): words(entry, entries) for entry in entries if entry.key in ("command", "args")}
    assert lists == {
        (15, "command"): ["python", "-m"],
        (19, "args"): ["--contract", "/a b"],
        (22, "args"): ["check", "{{ .y }}"],
    }


NAMES = st.from_regex(r"[a-z][a-zA-Z]{0,5}", fullmatch=True)


@given(path=st.lists(NAMES, min_size=1, max_size=6), value=st.from_regex(r"[a-z0-9/]{1,8}", fullmatch=True))
def test_every_key_knows_the_keys_above_it(path: list[str], value: str) -> None:
    """A scalar's path is that of the nested keys."""
    text = "".join(f"{'  ' * depth}{key}:\n" for depth, key in enumerate(path[:-1]))
    text += f"{'  ' * (len(path) - 1)}{path[-1]}: {value}\n"
    entry = outline(text)[-1]
    assert (entry.path, entry.value, entry.line) == (tuple(path), value, len(path))


@given(text=st.text(alphabet="ab:-{}[]\"'#/* \n."))
def test_any_text_is_outlined_without_an_error(text: str) -> None:
    """A template may be anything before it is rendered."""
    for entries in outlines(text):
        for entry in entries:
            words(entry, entries)
