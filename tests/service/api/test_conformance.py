"""The API keeps to its own description, whatever it is asked; and the description is what OpenAPI says it has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from service.api import OPERATIONS, auth
from tests.service.api.conforming import conform
from tests.service.process import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.boot import Boot
    from tests.service.api.client import Api

EXAMPLES = 25
"""Requests of each kind to each operation; all of them take about half a minute."""


@pytest.mark.timeout(600)
def test_whatever_is_asked_the_answer_is_described(filled: Boot, tmp_path: Path) -> None:
    """No 5xx, no status, header or body that is not described, and nothing is accepted that should not be."""
    conform(filled, tmp_path, {"Authorization": f"Bearer {TOKEN}"}, "--max-examples", str(EXAMPLES))


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
    assert len(names) == len(set(names)) == len(OPERATIONS) + len(list(auth.described([])))
