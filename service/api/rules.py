"""Rules: what the user wants done with mail of a kind, and what was done by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api import pages
from service.api.operation import JSON_OR_TOML, command, read
from service.commands.rules import Nothing, Rules, shown
from service.inputs import Id, View
from service.store.tables import Rule, RuleApplication
from service.views import RuleApplicationView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Filters(pages.Page):
    """Which applications."""

    message: Id | None = None


class Applications(View):
    """A page of what rules did, the latest first."""

    applications: list[RuleApplicationView]
    next: pages.Next


def list_rules(session: Session, _: Nothing) -> Rules:
    """All rules, in the order in which they are applied."""
    return shown(session.scalars(select(Rule).order_by(Rule.position, Rule.id)))


def list_applications(session: Session, given: Filters) -> Applications:
    """A page of what rules did."""
    query = select(RuleApplication)
    if given.message is not None:
        query = query.where(RuleApplication.message_id == given.message)
    rows, next_ = pages.page(session, query, RuleApplication.at, RuleApplication.id, given)
    return Applications(applications=[RuleApplicationView.model_validate(row) for row in rows], next=next_)


OPERATIONS = (
    read("rules.list", "/rules", "List the rules", Rules, list_rules, Nothing),
    command("rules.put", "PUT", "/rules", refusals=(409,), bodies=JSON_OR_TOML),
    command("rules.update", "PATCH", "/rules/{id}", refusals=(404,)),
    command("rules.delete", "DELETE", "/rules/{id}", refusals=(404,)),
    command("rules.reorder", "PUT", "/rules/order"),
    command("rules.dry-run", "POST", "/rules/dry-run", bodies=JSON_OR_TOML),
    command("rules.apply", "POST", "/rules/apply", 202),
    read("rules.applications", "/rules/applications", "List what rules did", Applications, list_applications, Filters),
)
