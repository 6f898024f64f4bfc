"""Requirements: what the application's distribution wants, and what those want, against what is installed."""

from __future__ import annotations

import email
import json
from importlib.metadata import PathDistribution
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.checks.distributions import editable_root, metadata
from tests.probes.world import Outcome, World

if TYPE_CHECKING:
    from pathlib import Path


def requirements(world: World, **contract: Any) -> Outcome:
    """What becomes of the requirements of the package `demo`."""
    keys: dict[str, Any] = {"app": "demo:app"}
    return world.check(**(keys | contract))["requirements"]


def test_requirements_that_are_met_are_counted(tmp_path: Path) -> None:
    """Names are compared as PEP 503 normalises them."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("Some.Lib>=2", "other ~= 1.0"))
    world.distribution("some-lib", "2.5", requires=("other",))
    world.distribution("other", "1.3", requires=("SOME_LIB",))
    assert requirements(world) == Outcome("checking", "ok", "demo 1.0: 2 requirements met", [])


def test_all_that_is_missing_or_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Who wants it, what is wanted, what is there; also where it is a requirement's own."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib>=2,<3", "gone[fast]~=1.4", "plain"))
    world.distribution("lib", "1.9", requires=("deeper==5",))
    world.distribution("plain", "1.0")
    outcome = requirements(world)
    assert outcome.status == "failed"
    assert outcome.detail.splitlines() == [
        "demo 1.0 wants lib<3,>=2, but 1.9 is installed",
        "demo 1.0 wants gone[fast]~=1.4, which is not installed",
        "lib 1.9 wants deeper==5, which is not installed",
    ]
    assert outcome.resolution == [
        "install what is wanted: `python -m pip install 'lib<3,>=2' 'gone[fast]~=1.4' deeper==5`",
        "in an image: build it again from the project, so that its requirements are resolved together",
    ]


def test_markers_decide_what_is_wanted_here(tmp_path: Path) -> None:
    """Another platform's, another Python's and an extra's requirements are not."""
    world = World(tmp_path)
    here = ("gone; sys_platform == 'nowhere'", "gone; python_version < '3'", "gone; extra == 'dev'")
    world.distribution("demo", packages=("demo",), requires=(*here, "lib; python_version >= '3'"))
    world.distribution("lib")
    assert requirements(world).detail == "demo 1.0: 1 requirement met"


def test_an_extra_that_is_asked_for_brings_its_requirements(tmp_path: Path) -> None:
    """Whoever asks for it first."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib", "lib[Fast_Mode]"))
    world.distribution("lib", requires=("gone; extra == 'fast-mode'", "never; extra == 'slow'"))
    assert requirements(world).detail == "lib 1.0 wants gone, which is not installed"


def test_requirements_that_go_in_circles_come_to_an_end(tmp_path: Path) -> None:
    """Each distribution is asked once."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib",))
    world.distribution("lib", requires=("demo[all]", "lib"))
    assert requirements(world).detail == "demo 1.0: 2 requirements met"


def test_a_pre_release_that_is_installed_counts(tmp_path: Path) -> None:
    """Someone chose it."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib>=2",))
    world.distribution("lib", "2.1rc1")
    assert requirements(world).status == "ok"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("banana", "demo 1.0 wants lib>=2, but banana is installed"),
        ("", "demo 1.0 wants lib>=2, whose installed copy is damaged: it has no metadata"),
    ],
)
def test_a_damaged_distribution_is_a_wrong_one(tmp_path: Path, version: str, told: str) -> None:
    """Nothing can be said for its version."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib>=2",))
    world.distribution("lib", version)
    assert requirements(world).detail == told


def test_metadata_that_is_not_text_is_damage(tmp_path: Path) -> None:
    """And no traceback."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib",))
    (world.distribution("lib") / "METADATA").write_bytes(b"Name: lib\nVersion: \xff\n")
    assert requirements(world).detail.endswith("is damaged: it has no metadata")


def test_a_requirement_that_nobody_can_read_is_a_warning(tmp_path: Path) -> None:
    """Old metadata may hold anything; it does not stop a boot."""
    world = World(tmp_path)
    world.distribution("demo", packages=("demo",), requires=("lib (>dev)",))
    assert requirements(world).status == "ok"
    assert "demo 1.0 wants 'lib (>dev)', which is no requirement of PEP 508: it is not checked" in world.warnings


def test_a_plain_folder_states_no_requirements(tmp_path: Path) -> None:
    """The check holds, and says why."""
    world = World(tmp_path)
    world.write("project/demo/__init__.py")
    world.distribution("demo-tools", packages=("demo_tools",))
    assert requirements(world) == Outcome(
        "checking",
        "ok",
        "demo belongs to no installed distribution, so nothing states its requirements",
        [],
    )


def test_a_missing_application_states_no_requirements(tmp_path: Path) -> None:
    """That it is missing is the import's to tell."""
    outcome = requirements(World(tmp_path))
    assert (outcome.status, outcome.detail) == ("ok", "demo is not there to state requirements")


def test_a_distribution_by_another_name_is_found(tmp_path: Path) -> None:
    """By the list of its files, or by the list of its top-level names."""
    world = World(tmp_path)
    info = world.distribution("mail-assistant", packages=("demo", "other"), requires=("gone",))
    assert requirements(world).detail == "mail-assistant 1.0 wants gone, which is not installed"
    (info / "RECORD").unlink()
    (info / "top_level.txt").write_text("other\ndemo\n")
    assert requirements(world).detail == "mail-assistant 1.0 wants gone, which is not installed"


def test_a_single_module_is_found_as_well(tmp_path: Path) -> None:
    """An application need not be a package."""
    world = World(tmp_path)
    info = world.distribution("single", requires=("gone",))
    world.write(str(world.site / "demo.py"))
    (info / "RECORD").write_text("demo.py,,\n")
    assert requirements(world).detail == "single 1.0 wants gone, which is not installed"


def test_what_pip_installed_is_found(tmp_path: Path) -> None:
    """As a copy or editable, from wherever it is started."""
    world = World(tmp_path)
    world.pip_install("demo")
    assert requirements(world).detail == "demo 1.0: 0 requirements met"
    project = world.pip_install("second", "--editable")
    assert requirements(world, app="second:app").detail == "second 1.0: 0 requirements met"
    assert requirements(world, app="second:app", cwd=project).detail == "second 1.0: 0 requirements met"


def test_the_innermost_of_nested_editable_projects_is_asked(tmp_path: Path) -> None:
    """Where a repository holds several, its root may be one too."""
    world = World(tmp_path)
    init = world.write("project/inner/demo/__init__.py")
    world.distribution("outer", project=world.project, requires=("gone",))
    world.distribution("inner", project=init.parent.parent)
    world.write(str(world.site / "inner.pth"), str(init.parent.parent))
    assert requirements(world).detail == "inner 1.0: 0 requirements met"


fields = st.lists(
    st.tuples(
        st.sampled_from(["Requires-Dist", "Classifier", "License"]), st.from_regex(r"[!-~][ -~]{0,20}", fullmatch=True)
    )
)


@given(fields, st.text(max_size=50))
def test_metadata_is_read_as_a_mail_parser_reads_it(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]], description: str
) -> None:
    """The description that follows the fields is never taken for one."""
    info = tmp_path_factory.getbasetemp() / "some-1.0.dist-info"
    info.mkdir(exist_ok=True)
    head = "".join(f"{name}: {value}\n" for name, value in [("Name", "some"), ("Version", "1.0"), *lines])
    (info / "METADATA").write_text(f"{head}\n{description}", encoding="utf-8")
    found = metadata(PathDistribution(info))
    wanted = email.message_from_string(head).get_all("Requires-Dist", [])
    assert found == ("some", "1.0", [value.strip() for value in wanted])


records = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("file:///a%00b"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["url", "dir_info", "editable"]), inner),
)


@given(st.text() | records.map(json.dumps))
def test_any_record_of_an_install_is_read_without_a_traceback(record: str) -> None:
    """It is somebody else's file."""
    assert editable_root(record) is None or editable_root(record)


def test_an_editable_project_may_have_any_name(tmp_path: Path) -> None:
    """The record holds a URL, where blanks and accents are escaped."""
    project = tmp_path / "my café %20"
    project.mkdir()
    record = {"url": project.as_uri(), "dir_info": {"editable": True}}
    assert editable_root(json.dumps(record)) == str(project.resolve())
