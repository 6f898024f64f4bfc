"""The image's configuration: what an engine or a cluster is told about running it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from image import archive
from tests.image.build import ROOT, attempt


@pytest.fixture(scope="module")
def config(contents: archive.Image) -> dict[str, Any]:
    """What a container inherits."""
    return dict(contents.config["config"])


def test_it_starts_the_gate_and_nothing_else(config: dict[str, Any]) -> None:
    """In exec form, so that the gate is PID 1 and no shell is looked for."""
    assert config["Entrypoint"] == ["python", "-m", "probes"]
    assert config.get("Cmd") is None


def test_it_asks_the_gate_for_its_health(config: dict[str, Any]) -> None:
    """In exec form, with time for a boot."""
    check = config["Healthcheck"]
    assert check["Test"] == ["CMD", "python", "-m", "probes", "health"]
    assert (check["Interval"], check["Timeout"], check["StartPeriod"]) == (10 * 10**9, 5 * 10**9, 60 * 10**9)


def test_its_user_is_a_number(config: dict[str, Any]) -> None:
    """`runAsNonRoot` cannot judge names."""
    assert config["User"] == "65532:65532"


def test_its_user_and_folder_are_in_the_list_of_users(config: dict[str, Any], contents: archive.Image) -> None:
    """`getpwuid` answers, and the home folder is the one for data."""
    assert b"airlock:x:65532:65532::/var/lib/airlock:/sbin/nologin\n" in contents.read("etc/passwd")
    assert b"airlock:x:65532:\n" in contents.read("etc/group")
    assert config["WorkingDir"] == "/var/lib/airlock"


def test_its_environment_is_that_of_a_service(config: dict[str, Any]) -> None:
    """Nothing is imported from the working directory, nothing is held back in a buffer, all text is UTF-8."""
    environment = dict(entry.split("=", 1) for entry in config["Env"])
    commit = environment.pop("AIRLOCK_COMMIT")
    assert commit == config["Labels"]["org.opencontainers.image.revision"]
    assert environment == {
        "DATA_DIR": "/var/lib/airlock",
        "HOME": "/var/lib/airlock",
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def test_it_is_stopped_and_reached_as_documented(config: dict[str, Any]) -> None:
    """SIGTERM begins the drain, and the port is the default of PORT; it wants no volume."""
    assert config["StopSignal"] == "SIGTERM"
    assert config["ExposedPorts"] == {"8000/tcp": {}}
    assert not config.get("Volumes")


def test_its_labels_say_what_it_is(config: dict[str, Any]) -> None:
    """The names are the OCI's; the version is the distribution's."""
    labels = config["Labels"]
    assert {name.removeprefix("org.opencontainers.image.") for name in labels} == {
        "title",
        "description",
        "licenses",
        "version",
        "revision",
        "source",
    }
    version = re.search(r'__version__ = "(.+)"', (ROOT / "probes/__init__.py").read_text())
    assert version is not None
    assert labels["org.opencontainers.image.version"] == version[1]
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_its_labels_are_those_that_the_build_is_told(image: str) -> None:
    """Version, revision and source are arguments of the build, and the commit is in the environment too."""
    told = {"VERSION": "9.8.7", "REVISION": "abc123", "SOURCE": "https://git.example/airlock"}
    options = [f"--build-arg={name}={value}" for name, value in told.items()]
    built = attempt("airlock:test-labels", *options)
    assert built.returncode == 0, built.stdout
    config = archive.save("airlock:test-labels").config["config"]
    labels = [config["Labels"][f"org.opencontainers.image.{name.lower()}"] for name in told]
    assert labels == list(told.values())
    assert "AIRLOCK_COMMIT=abc123" in config["Env"]


def test_its_history_has_no_secret(contents: archive.Image) -> None:
    """The steps of the last stage alone are told, with public arguments only."""
    steps = [step.get("created_by", "") for step in contents.config["history"]]
    assert {step.split()[0] for step in steps} <= {
        "ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "STOPSIGNAL", "USER", "WORKDIR",
    }  # fmt: skip
    told = {step.split("=")[0].split()[1] for step in steps if step.startswith("ARG")}
    assert told <= {"REVISION", "SOURCE", "SOURCE_DATE_EPOCH", "VERSION"}
    assert not re.search(r"(?i)password|token|secret|index-url|://[^/\s]+:[^/\s]+@", json.dumps(contents.config))


def test_its_layers_change_as_seldom_as_what_is_in_them(contents: archive.Image) -> None:
    """Debian's packages, distributions, the project, folders: a new commit sends the last small ones alone."""
    sizes = [layer.size for layer in contents.layers]
    assert len(sizes) == 5
    assert sum(sizes[2:]) < 0.05 * sum(sizes)
