"""Every rule keeps the Protocol, can be set, is owned once, and names commands that exist."""

from typing import get_args

import pytest

from ratchet.govern.alerts.rules import RuleName
from ratchet.insight import rules
from ratchet.insight.rule import EventRule, Rule
from ratchet.insight.rules import RULES
from ratchet.kernel.clock import DAY
from ratchet.store.sqlite import SqliteStore
from tests.contracts.test_registries import modules
from tests.support.commanded import unknown
from tests.support.troubled import troubled
from tests.support.watching import alerts

TROUBLED = set(RULES)


def test_every_file_with_a_rule_is_registered_under_its_name() -> None:
    found = {
        name.replace("_", "-"): module.RULE
        for name, module in modules(rules).items()
        if hasattr(module, "RULE")
    }
    assert dict(RULES) == found
    assert list(RULES) == sorted(RULES)


def test_every_rule_can_be_set_and_nothing_else_can() -> None:
    assert list(RULES) == list(get_args(RuleName))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_looks_once_a_day_at_least_or_reads_some_action(rule: Rule | EventRule) -> None:
    if isinstance(rule, EventRule):
        assert rule.actions
    else:
        assert DAY % rule.every == DAY - DAY
        assert rule.every <= DAY


def test_in_a_world_full_of_trouble_each_rule_speaks_and_names_a_command_that_exists(
    embedded: SqliteStore,
) -> None:
    troubled(embedded)
    found = [a for a in alerts(embedded) if a.what in TROUBLED]
    assert {a.what for a in found} == TROUBLED
    for told in found:
        assert told.command.startswith("ratchet ")
        assert not unknown(told.command), told.command
        assert told.text
        assert told.evidence
