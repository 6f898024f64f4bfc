"""The application and the contract's own checks: from a reference to what it names, or to why it doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import Failure
from probes.references import resolve, split
from tests.probes.world import Outcome, World

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION = """
from types import SimpleNamespace
def application(): ...
def create_app(): ...
factory = SimpleNamespace(app=application)
number = 5
class Lazy:
    @property
    def app(self): raise ValueError("not configured")
lazy = Lazy()
"""


def application(world: World, reference: str) -> Outcome:
    """What becomes of the check of this application."""
    return world.check(app=reference)[f"app {reference}"]


@pytest.mark.parametrize("reference", ["web.main:application", "web.main:factory.app", "web.main:Lazy"])
def test_an_application_that_is_there_passes(tmp_path: Path, reference: str) -> None:
    """A dotted attribute is followed to its end."""
    world = World(tmp_path)
    world.write("project/web/main.py", APPLICATION)
    assert application(world, reference) == Outcome("importing", "ok", "NoneType", [])


def test_an_attribute_that_is_missing_gets_the_nearest_names(tmp_path: Path) -> None:
    """With the file that was read, which may not be the one that was meant."""
    world = World(tmp_path)
    file = world.write("project/web/main.py", APPLICATION)
    assert application(world, "web.main:aplication") == Outcome(
        "importing",
        "failed",
        f"the module web.main ({file}) has no attribute 'aplication'",
        ["nearest to it: 'application'; mend the reference 'web.main:aplication'"],
    )


def test_a_missing_attribute_without_neighbours_is_to_be_defined(tmp_path: Path) -> None:
    """Inside an object it is the object that is named."""
    world = World(tmp_path)
    world.write("project/web/main.py", APPLICATION)
    outcome = application(world, "web.main:factory.zzz")
    assert outcome.detail == "the object web.main.factory has no attribute 'zzz'"
    assert outcome.resolution == ["define 'zzz' there, or mend the reference 'web.main:factory.zzz'"]


def test_an_application_that_cannot_be_called_is_told_what_it_is(tmp_path: Path) -> None:
    """Any ASGI application is a callable."""
    world = World(tmp_path)
    world.write("project/web/main.py", APPLICATION)
    outcome = application(world, "web.main:number")
    assert outcome.detail == "web.main:number is not callable: it is an int"
    assert outcome.resolution == ["name something in the module web.main that can be called"]


def test_a_module_in_the_place_of_an_application_is_told_apart(tmp_path: Path) -> None:
    """`web:main` for `web.main:application` is easily written."""
    world = World(tmp_path)
    world.write("project/web/__init__.py", "from . import main")
    world.write("project/web/main.py", APPLICATION)
    outcome = application(world, "web:main")
    assert outcome.detail == "web:main is not callable: it is a module"
    assert outcome.resolution == ['name what to call inside the module: "web.main:ATTRIBUTE"']


def test_an_attribute_that_raises_is_told_in_its_own_words(tmp_path: Path) -> None:
    """Reading a property runs code."""
    world = World(tmp_path)
    world.write("project/web/main.py", APPLICATION)
    outcome = application(world, "web.main:lazy.app")
    assert outcome.detail == ("web.main:lazy.app cannot be read: web.main.lazy.app raises ValueError: not configured")


def test_an_application_whose_module_fails_has_the_cause_of_an_import(tmp_path: Path) -> None:
    """And the contract's own checks run all the same."""
    world = World(tmp_path)
    main = world.write("project/web/main.py", "import zzzzzz")
    outcomes = world.check(app="web.main:app", checks=["os:getcwd"])
    assert outcomes["app web.main:app"].detail == (
        f"web.main cannot be imported: {main}:1 imports 'zzzzzz', and there is no such module on sys.path"
    )
    assert outcomes["check os:getcwd"] == Outcome("checking", "ok", str(world.project), [])


OWN_CHECKS = """
from probes import Failure, Waiting
def silent(): ...
async def later(): return "in time"
def failing(): raise Failure("the key is 12 bytes, 32 are needed", "make another key")
def waiting(): raise Waiting("the database does not answer yet", "start it")
def raising(): raise OSError("disk full")
nothing = None
"""


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("silent", Outcome("checking", "ok", "NoneType", [])),
        ("later", Outcome("checking", "ok", "in time", [])),
        ("failing", Outcome("checking", "failed", "the key is 12 bytes, 32 are needed", ["make another key"])),
        ("waiting", Outcome("checking", "waiting", "the database does not answer yet", ["start it"])),
        ("raising", Outcome("checking", "failed", "OSError('disk full')", [])),
        (
            "nothing",
            Outcome(
                "checking",
                "failed",
                "own:nothing is not callable: it is a NoneType",
                ["name something in the module own that can be called"],
            ),
        ),
    ],
)
def test_a_check_of_the_contract_says_itself_what_became_of_it(tmp_path: Path, name: str, outcome: Outcome) -> None:
    """What it returns and raises is passed on; an awaitable is left to the one who runs it."""
    world = World(tmp_path)
    world.write("project/own.py", OWN_CHECKS)
    assert world.check(app="own:silent", checks=[f"own:{name}"])[f"check own:{name}"] == outcome


names = st.from_regex(r"[a-z_]{1,6}(\.[a-z_]{1,6}){0,2}", fullmatch=True)


@given(st.text() | st.tuples(st.sampled_from(["os", "json", "os.path"]) | names, names).map(":".join))
def test_any_reference_ends_in_an_object_or_a_failure(reference: str) -> None:
    """No text makes it raise anything else."""
    try:
        resolve(reference)
    except Failure as error:
        told = (error.detail, *error.resolution)
    else:
        told = ()
    assert all(told)


@given(names, names)
def test_a_reference_is_split_at_its_colon(module: str, attribute: str) -> None:
    """Both sides come back as they were."""
    assert split(f"{module}:{attribute}") == (module, attribute)


@given(st.text().filter(lambda text: text.count(":") != 1))
def test_a_reference_has_exactly_one_colon(text: str) -> None:
    """Anything else is none."""
    with pytest.raises(ValueError):
        split(text)
