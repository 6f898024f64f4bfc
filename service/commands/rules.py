"""Commands on the user's rules."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import Field, JsonValue
from sqlalchemy import select

from service.commands.command import Command, Done, Refused
from service.core import rules as core
from service.core.category import Category
from service.core.rules.reading import MOST, SIZE
from service.inputs import Id, Input, View
from service.store.database import one_at_a_time
from service.store.events import New
from service.store.reading import stored_email
from service.store.tables import Analysis, Message, Rule
from service.views import RuleView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from service.commands.command import Work

Definitions = Annotated[
    list[dict[str, JsonValue]],
    Field(max_length=MOST, description='`{"name", "when": {…}, "then": {…}}` each, in their order.'),
]


class Rules(View):
    """All rules, in the order in which they are applied."""

    rules: list[RuleView]
    revision: Annotated[str, Field(description="Another one after each change of any rule.")]


class Put(Input):
    """The rules that there are to be, instead of all others."""

    rule: Definitions
    revision: Annotated[
        str | None,
        Field(max_length=64, description="That of the rules which these replace: if others are there, they stay."),
    ] = None


class Change(Input):
    """Whether a rule is applied."""

    id: Id
    enabled: bool


class Reorder(Input):
    """The ids of all rules, in their new order."""

    ids: Annotated[list[Id], Field(max_length=MOST)]


class One(Input):
    """Which rule."""

    id: Id


class Nothing(Input):
    """Nothing: it goes for all rules."""


class Try(Input):
    """Rules to be tried, by default those that are stored, on the newest messages."""

    rule: Definitions | None = None
    messages: Annotated[int, Field(ge=1, le=100)] = 50


class Applied(View):
    """That a rule would hold for a message: why, and what it would do."""

    rule: str
    because: list[str]
    then: dict[str, JsonValue]


class TriedMessage(View):
    """A message for which rules would hold."""

    message_id: Id
    subject: str
    applied: list[Applied]


class Tried(View):
    """What rules would do, if they were applied."""

    examined: Annotated[int, Field(description="How many messages were looked at.")]
    messages: list[TriedMessage]


class Enqueued(View):
    """How many rules will be applied."""

    rules: int


def put(work: Work, given: Put) -> Done[Rules]:
    """Have these rules and no others; one that keeps its name keeps its id."""
    definitions = [core.definition(rule) for rule in _read(given.rule)]
    if (size := len(json.dumps(definitions, ensure_ascii=False))) > SIZE:
        raise Refused(422, f"the rules have {size} characters: at most {SIZE} are accepted")
    stored = _alone(work)
    if given.revision not in (None, revision(stored)):
        raise Refused(409, "the rules have been changed since they had this revision: read them, and put yours anew")
    known = {rule.name: rule for rule in stored}
    names = {definition["name"] for definition in definitions}
    for name in known.keys() - names:
        work.session.delete(known[name])
    for position, definition in enumerate(definitions, 1):
        rule = known.get(definition["name"])
        if rule is None:
            rule = Rule(user_id=work.user_id, name=definition["name"], enabled=True)
            work.session.add(rule)
        rule.position, rule.definition, rule.updated_at = position, definition, work.now
    work.session.flush()
    return _done(work)


def change(work: Work, given: Change) -> Done[Rules]:
    """Have a rule applied from now on, or not."""
    rule = _find(work, given.id)
    rule.enabled, rule.updated_at = given.enabled, work.now
    return _done(work)


def reorder(work: Work, given: Reorder) -> Done[Rules]:
    """Apply the rules in another order."""
    known = {rule.id: rule for rule in _alone(work)}
    if sorted(known) != sorted(given.ids):
        raise Refused(422, f"ids: the new order has to name each rule once: {', '.join(map(str, known)) or 'none'}")
    for position, id_ in enumerate(given.ids, 1):
        known[id_].position = position
    work.session.flush()
    return _done(work)


def remove(work: Work, given: One) -> Done[Rules]:
    """Forget a rule. What it did stays as it is."""
    work.session.delete(_find(work, given.id))
    work.session.flush()
    return _done(work)


def try_out(work: Work, given: Try) -> Done[Tried]:
    """What rules would do to the newest messages; nothing is changed."""
    definitions = [rule.definition for rule in _stored(work) if rule.enabled] if given.rule is None else given.rule
    rules = _read(definitions)
    newest = select(Message.id, Message.subject, Analysis.triaged).join(Analysis, Analysis.message_id == Message.id)
    rows = work.session.execute(newest.order_by(Message.received_at.desc(), Message.id.desc()).limit(given.messages))
    tried = []
    found = rows.all()
    for row in found:
        email = stored_email(work.session, row.id)
        if email is None:
            continue
        category = next(category for category in get_args(Category) if category == row.triaged)
        facts = core.Facts(email, category, work.now)
        if applied := [_applied(application) for application in core.evaluate(rules, facts)]:
            tried.append(TriedMessage(message_id=row.id, subject=row.subject, applied=applied))
    return Done(Tried(examined=len(found), messages=tried))


def apply(work: Work, _: Nothing) -> Done[Enqueued]:
    """Have the worker apply the rules to all mail that is stored."""
    rules = [rule.id for rule in _stored(work) if rule.enabled]
    work.queue.apply_rules(work.session, work.user_id)
    told = {"rules": len(rules)}
    return Done(Enqueued(rules=len(rules)), (New("rules.apply_requested", told),), told)


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("rules.put", "Replace the rules", Put, Rules, put),
    Command("rules.update", "Switch a rule on or off", Change, Rules, change),
    Command("rules.reorder", "Change the order of the rules", Reorder, Rules, reorder),
    Command("rules.delete", "Forget a rule", One, Rules, remove),
    Command("rules.dry-run", "Show what rules would do", Try, Tried, try_out, changes=False),
    Command("rules.apply", "Apply the rules to stored mail", Nothing, Enqueued, apply),
)


def shown(stored: Iterable[Rule]) -> Rules:
    """Rules, given in their order."""
    stored = list(stored)
    return Rules(rules=[RuleView.model_validate(rule) for rule in stored], revision=revision(stored))


def revision(stored: Iterable[Rule]) -> str:
    """What tells these rules, in their order, from all others."""
    told = [[rule.id, rule.enabled, rule.definition] for rule in stored]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _find(work: Work, rule_id: int) -> Rule:
    rule = next((rule for rule in _alone(work) if rule.id == rule_id), None)
    if rule is None:
        raise Refused(404, f"there is no rule {rule_id}")
    return rule


def _alone(work: Work) -> Sequence[Rule]:
    """The rules, which nobody else changes until the commit."""
    one_at_a_time(work.session, work.user_id)
    return _stored(work)


def _stored(work: Work) -> Sequence[Rule]:
    return work.session.scalars(select(Rule).order_by(Rule.position, Rule.id)).all()


def _read(definitions: Sequence[Any]) -> tuple[core.Rule, ...]:
    try:
        return core.read_rules(definitions)
    except core.RulesError as error:
        problems = error.problems
    raise Refused(422, "; ".join(problems), [{"where": "rule", "what": problem} for problem in problems])


def _applied(application: core.Application) -> Applied:
    then = core.effects(application.effects)
    return Applied(rule=application.rule, because=list(application.because), then=then)


def _done(work: Work) -> Done[Rules]:
    rules = shown(_stored(work))
    told = {"rule_ids": [rule.id for rule in rules.rules], "revision": rules.revision}
    return Done(rules, (New("rules.changed", told),), told)
