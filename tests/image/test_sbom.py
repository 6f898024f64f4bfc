"""The bill of materials: valid, the same each time, with every package that is in the image and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from image import archive, packages, sbom
from tests.image.build import ROOT, build
from tests.image.running import python

SITE = "usr/lib/python3/dist-packages"


@pytest.fixture(scope="module")
def text(contents: archive.Image) -> str:
    """The document of the image under test."""
    return sbom.document(contents, "airlock")


@pytest.fixture(scope="module")
def bill(text: str) -> dict[str, Any]:
    """The same, read."""
    return dict(json.loads(text))


def test_it_is_valid(text: str) -> None:
    """CycloneDX 1.6, by the strict schema."""
    assert json.loads(text)["specVersion"] == "1.6"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_an_invalid_one_would_be_refused(bill: dict[str, Any]) -> None:
    """The schema is read: a component without a name fails."""
    broken = json.dumps({**bill, "components": [{"type": "library"}]})
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_the_files_of_the_image_and_its_packages_tell_the_same(contents: archive.Image) -> None:
    """Every file belongs to exactly one package, has the content that it lists, and every package has a file."""
    assert list(packages.unaccounted(contents)) == []


def test_it_lists_the_distributions_that_python_finds(image: str, bill: dict[str, Any]) -> None:
    """Names and versions are those of `importlib.metadata` in a container."""
    program = (
        "import json; from importlib.metadata import distributions\n"
        "print(json.dumps([[d.metadata['Name'], d.version] for d in distributions()]))"
    )
    found = {(canonicalize_name(name), version) for name, version in json.loads(python(image, program))}
    assert _listed(bill, "pypi") == found
    assert "hypercorn" in dict(found)


def test_it_lists_the_debian_packages_that_a_scanner_finds(image: str, bill: dict[str, Any]) -> None:
    """Names and versions are those of the control files in a container."""
    program = (
        "import json, pathlib, re; folder = pathlib.Path('/var/lib/dpkg/status.d')\n"
        "texts = [path.read_text() for path in folder.iterdir() if path.suffix != '.md5sums']\n"
        "print(json.dumps([re.findall('^(?:Package|Version): (.+)$', text, re.M) for text in texts]))"
    )
    assert _listed(bill, "deb") == {tuple(found) for found in json.loads(python(image, program))}


def test_scanners_can_look_up_debian_packages(bill: dict[str, Any]) -> None:
    """The package URL has the release, and the source by which Debian's tracker knows a vulnerability."""
    urls = {component["name"]: PackageURL.from_string(component["purl"]) for component in bill["components"]}
    openssl = urls["libssl3t64"]
    assert (openssl.namespace, openssl.qualifiers["distro"], openssl.qualifiers["upstream"]) == (
        "debian",
        "debian-13",
        "openssl",
    )


def test_it_says_what_needs_what(bill: dict[str, Any]) -> None:
    """The graph goes from the image over the project to what that depends on; every end of it is listed."""
    edges = {edge["ref"]: edge.get("dependsOn", []) for edge in bill["dependencies"]}
    names = {component["bom-ref"]: component["name"] for component in bill["components"]}
    image = bill["metadata"]["component"]["bom-ref"]
    project = next(reference for reference in edges[image] if names[reference] == "airlock")
    assert {"hypercorn", "starlette", "python-socketio", "redis"} < {names[end] for end in edges[project]}
    assert "testcontainers" not in names.values()
    openssl = next(reference for reference, name in names.items() if name == "libssl3t64")
    assert {names[end] for end in edges[openssl]} == {"libc6", "libzstd1", "zlib1g"}
    assert edges.keys() == names.keys() | {image}
    assert {end for ends in edges.values() for end in ends} <= names.keys()
    assert reachable(edges, image) == edges.keys()


def test_it_names_the_image(bill: dict[str, Any], contents: archive.Image) -> None:
    """By its title, version and digest, with the labels and layers."""
    component = bill["metadata"]["component"]
    labels = contents.config["config"]["Labels"]
    assert (component["type"], component["name"]) == ("container", "airlock")
    assert component["version"] == labels["org.opencontainers.image.version"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": contents.id.removeprefix("sha256:")}]
    told = {entry["name"]: entry["value"] for entry in component["properties"]}
    assert {name: value for name, value in labels.items() if value}.items() <= told.items()
    assert [told[f"layer:{number}"] for number in range(len(contents.layers))] == contents.config["rootfs"]["diff_ids"]


def test_the_command_writes_the_same_each_time(image: str, tmp_path: Path) -> None:
    """Two processes, with different orders of sets, write the same bytes, and have nothing to complain about."""
    outputs = []
    for seed in ("1", "2"):
        file = tmp_path / seed
        ran = _command(image, "--output", str(file), PYTHONHASHSEED=seed)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        outputs.append(file.read_text())
    assert outputs[0] == outputs[1] == _command(image).stdout


def test_another_image_has_another_serial_number(contents: archive.Image, bill: dict[str, Any]) -> None:
    """The number follows from what is listed."""
    root = {path: entry for path, entry in contents.root.items() if "/bidict" not in path}
    other = archive.Image(contents.id, contents.config, contents.layers, root)
    assert json.loads(sbom.document(other, "airlock"))["serialNumber"] != bill["serialNumber"]


@pytest.fixture(scope="module")
def planted(image: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image on top of the one under test, with files that no package knows and packages that lie."""
    folder = tmp_path_factory.mktemp("planted")
    files = {
        "usr/lib/unknown.pyc": "",
        f"{SITE}/ghost-1.dist-info/METADATA": "Name: ghost\nVersion: 1\n",
        f"{SITE}/twin-1.dist-info/METADATA": "Name: twin\nVersion: 1\n",
        f"{SITE}/twin-1.dist-info/RECORD": "twin-1.dist-info/METADATA,,\nh11/__init__.pyc,,\n",
        f"{SITE}/probes/health.py": "changed = True\n",
        f"{SITE}/probes/added.py": "",
        "etc/debian_version": "14.0\n",
        "var/lib/dpkg/status.d/left": "Package: left\nVersion: 1\nArchitecture: all\n",
        "var/lib/dpkg/status.d/left.md5sums": f"{'0' * 32}  usr/lib/gone\n",
    }
    for path, content in files.items():
        file = folder / "root" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (folder / "Dockerfile").write_text(f"FROM {image}\nCOPY root /\n")
    return build("airlock:test-planted", file=folder / "Dockerfile", context=folder)


def test_what_no_package_accounts_for_is_named(planted: str) -> None:
    """Files without a package, changed, missing or claimed twice, and packages without files, a sentence each."""
    assert sorted(packages.unaccounted(archive.save(planted))) == sorted(
        [
            "usr/lib/unknown.pyc belongs to no package",
            f"{SITE}/probes/added.py belongs to no package",
            f"{SITE}/probes/health.py has not the content that pypi:airlock lists",
            f"{SITE}/h11/__init__.pyc belongs to pypi:h11 and pypi:twin",
            "etc/debian_version has not the content that deb:base-files lists",
            "deb:left has no file in the image",
            "deb:left lists usr/lib/gone, which is not in the image",
            "pypi:ghost has no file in the image",
        ]
    )


def test_the_command_says_what_it_could_not_list(planted: str) -> None:
    """On its standard error, so that the document stays whole."""
    ran = _command(planted)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(ran.stdout) is None
    assert "not in the bill of materials: usr/lib/unknown.pyc belongs to no package\n" in ran.stderr


def test_an_application_on_top_is_listed(build_image: str, image: str, tmp_path: Path) -> None:
    """What `airlock-add` installs elsewhere is found there."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {build_image} AS build\nRUN airlock-add colorama==0.4.6\nFROM {image}\nCOPY --from=build /add /\n"
    )
    contents = archive.save(build("airlock:test-added", file=tmp_path / "Dockerfile", context=tmp_path))
    assert list(packages.unaccounted(contents)) == []
    assert ("colorama", "0.4.6") in _listed(json.loads(sbom.document(contents, "added")), "pypi")


def reachable(edges: dict[str, list[str]], start: str) -> set[str]:
    """Everything that can be reached from a reference."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        reference = todo.pop()
        if reference not in seen:
            seen.add(reference)
            todo += edges[reference]
    return seen


def _listed(bill: dict[str, Any], kind: str) -> set[tuple[str, str]]:
    components = [(part["name"], part["version"], PackageURL.from_string(part["purl"])) for part in bill["components"]]
    assert all((url.name, url.version) == (name, version) for name, version, url in components)
    return {(name, version) for name, version, url in components if url.type == kind}


def _command(tag: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "image.sbom", tag, *options]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment})
