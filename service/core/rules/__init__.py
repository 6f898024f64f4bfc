"""The user's rules: ordered, readable, pure. They decide what is shown, and touch neither server nor mailbox."""

from service.core.rules.conditions import Facts
from service.core.rules.problems import RulesError
from service.core.rules.reading import parse_rules, read_rules
from service.core.rules.rule import Application, Effects, Rule, combined, evaluate
from service.core.rules.writing import definition, effects, to_json, to_toml

__all__ = [
    "Application",
    "Effects",
    "Facts",
    "Rule",
    "RulesError",
    "combined",
    "definition",
    "effects",
    "evaluate",
    "parse_rules",
    "read_rules",
    "to_json",
    "to_toml",
]
