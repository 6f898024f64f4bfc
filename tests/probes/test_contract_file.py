"""The file of the contract: where it is found, and what is said when it can't be read."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from probes.contract import Contract, ContractError, load, locate
from tests.boot import ROOT
from tests.probes.world import World


def problem(folder: Path, text: str | bytes) -> str:
    """The message for a contract with this text, the file's own path left out."""
    file = folder / "contract.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ContractError) as caught:
        load(file)
    return str(caught.value).replace(str(file), "FILE")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the system's reason and the ways to name another."""
    with pytest.raises(ContractError) as caught:
        load(tmp_path / "nothing.toml")
    assert str(caught.value) == (
        f"{tmp_path}/nothing.toml cannot be read: No such file or directory: "
        "name a readable file with --contract or AIRLOCK_CONTRACT"
    )


def test_a_directory_is_no_contract(tmp_path: Path) -> None:
    """As is anything else that the system does not let us read."""
    with pytest.raises(ContractError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_bad_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    """So that an editor can go there."""
    message = problem(tmp_path, 'app = "a:b"\npython = >=3.11')
    assert message == "FILE is not TOML: Invalid value (at line 2, column 10)"


def test_text_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    """TOML has no other encoding."""
    message = problem(tmp_path, b'app = "a:b"\n# caf\xe9\n')
    assert message.startswith("FILE, line 2: not UTF-8, which TOML has to be")


def test_values_nested_beyond_reason_are_refused(tmp_path: Path) -> None:
    """The interpreter's own limit does not get through."""
    assert problem(tmp_path, f"app = {'[' * 100_000}").startswith("FILE is not TOML")


def test_a_named_file_is_taken_as_it_is() -> None:
    """Whether it exists is found when it is loaded."""
    assert locate("somewhere/contract.toml") == Path("somewhere/contract.toml")


def located(world: World) -> str:
    """What `locate(None)` says in a fresh interpreter that was started in the world's project."""
    code = (
        "import sys; from probes.contract import locate, ContractError\n"
        "try: print(locate(None))\n"
        "except ContractError as error: print(error)\n"
        "assert 'service' not in sys.modules"
    )
    command = [str(world.python), "-c", code]
    done = subprocess.run(command, cwd=world.project, env={}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_default_is_found_inside_the_service_without_importing_it(tmp_path: Path) -> None:
    """A service that cannot be imported still has a contract that says so."""
    world = World(tmp_path)
    world.write("project/service/__init__.py", "raise SystemExit('imported')")
    file = world.write("project/service/contract.toml")
    assert located(world) == str(file)


def test_a_service_without_a_contract_is_told_where_it_was_looked_for(tmp_path: Path) -> None:
    """And how to name another file."""
    world = World(tmp_path)
    init = world.write("project/service/__init__.py")
    assert located(world) == (
        f"there is no contract: contract.toml was not found in {init.parent}, and none was named: "
        "name one with --contract FILE or AIRLOCK_CONTRACT"
    )


def test_without_a_service_there_is_no_default(tmp_path: Path) -> None:
    """As in a project whose application is called otherwise."""
    assert located(World(tmp_path)) == (
        "there is no contract: contract.toml was not found because there is no package 'service' on sys.path, "
        "and none was named: name one with --contract FILE or AIRLOCK_CONTRACT"
    )


def test_the_contract_in_the_readme_is_one(tmp_path: Path) -> None:
    """The example shows every key, and all of it is accepted."""
    text = (ROOT / "README.md").read_text().partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "contract.toml"
    file.write_text(text)
    contract = load(file)
    assert contract.app == "service.app:app"
    keys = set(Contract._fields) - {"path", "indicators"}
    assert {name.replace("_", "-") for name in keys} <= set(re.findall(r"^([a-z-]+) =", text, re.MULTILINE))
