"""The assistant's README: what it shows is what there is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.core.rules import parse_rules
from service.settings import Settings
from tests.boot import ROOT

if TYPE_CHECKING:
    from tests.boot import Boot

TEXT = (ROOT / "service" / "README.md").read_text()


def test_the_rules_that_it_shows_can_be_read() -> None:
    """Each example is accepted as it stands there."""
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert examples
    for example in examples:
        assert parse_rules(example, "toml")


def test_the_resources_that_it_lists_are_those_that_are_served(service: Boot) -> None:
    """Every path of the description belongs to a row of the table, and no row names what is not there."""
    served = set(service.get("/openapi.json").json()["paths"])
    named = set(re.findall(r"`(/(?:api|auth)/[a-z{}/-]+)`", TEXT))
    assert named <= served
    assert [path for path in served if not any(path.startswith(name) for name in named)] == []


def test_every_metric_is_in_the_table() -> None:
    """Those of the service, and no row names what is not there."""
    families = [
        family
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.describe()
    ]
    there = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    table = TEXT[TEXT.index("| metric | says |") :]
    rows = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)[`{]", row)} == there


def test_every_variable_that_the_readmes_name_exists() -> None:
    """The settings in both files are those of the service."""
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    whole = (ROOT / "README.md").read_text()
    table = whole[whole.index("The assistant's own:") : whole.index("## The boot contract")]
    named = set(re.findall(r"^\| (.+?) \|", table, re.MULTILINE))
    variables = {name for cell in named for name in re.findall(r"`([A-Z_]{4,})`", cell)}
    assert variables
    assert variables <= known
