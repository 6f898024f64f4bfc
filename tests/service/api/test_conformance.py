"""The API keeps to its own description, whatever it is asked; and the description is what OpenAPI says it has to be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jsonschema import Draft202012Validator

from service.api import OPERATIONS
from tests.service.process import TOKEN

if TYPE_CHECKING:
    from tests.boot import Boot
    from tests.service.api.client import Api

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SEED = 20260131
EXAMPLES = 25
"""Requests of each kind to each operation; all of them take about half a minute."""
DESTROYING = ("everything.delete", "accounts.delete")
"""Operations after which there would be nothing left to ask for."""
CONFIG = """
# An account, a message, a thread and a draft that are there.
[parameters]
"path.id" = 1
"""


def test_whatever_is_asked_the_answer_is_described(filled: Boot, tmp_path: Path) -> None:
    """No 5xx, no status, header or body that is not described, and nothing is accepted that should not be."""
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    options = ["--header", f"Authorization: Bearer {TOKEN}", "--seed", str(SEED), "--max-examples", str(EXAMPLES)]
    # What fits the schema is refused all the same where things are not so, as with rules that make no sense.
    options += ["--checks", "all", "--exclude-checks", "positive_data_acceptance", "--no-color"]
    options += [f"--exclude-operation-id={name}" for name in DESTROYING]
    options += ["--generation-database", "none"]
    command = [str(SCHEMATHESIS), "--config-file", str(config), "run", f"{filled.url}/openapi.json", *options]
    asked = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert f"Tested: {len(OPERATIONS) - len(DESTROYING)}" in asked.stdout
    assert " ERROR " not in filled.output


def test_every_schema_is_one(api: Api) -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 wants it."""
    document = api.description.document
    assert document["openapi"].startswith("3.1.")
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_has_a_name_of_its_own(api: Api) -> None:
    """Clients are made from them."""
    names = [
        operation["operationId"] for path in api.description.document["paths"].values() for operation in path.values()
    ]
    assert len(names) == len(set(names)) == len(OPERATIONS)
