"""The demo of gates from end to end: each version ends where its road ends, and all can be checked.

The story is told once for this file, under rules that make its days short.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from ratchet.entry.demo.gates import POLICY, GateOptions, GateRun, run_gates
from ratchet.entry.demo.world import DriftingModels, World, load_table
from ratchet.govern.audit import AuditEntry, audit_log
from ratchet.kernel.errors import InvalidInput
from ratchet.policies.history import list_versions
from ratchet.rollouts.approve import list_approvals
from ratchet.rollouts.history import list_rollouts
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import VERDICTS
from ratchet.store.port import Query, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.observing import KEYS
from tests.support.outcomes import three_arms
from tests.support.short_road import RATE, RULES

pytestmark = pytest.mark.slow

SHORT = GateOptions(rate=RATE)


@dataclass(frozen=True)
class Story:
    """What a run left behind."""

    store: Store
    run: GateRun
    told: list[tuple[datetime, str]]

    @property
    def rollouts(self) -> list[Rollout]:
        """The rollouts, oldest first."""
        return list_rollouts(self.store, POLICY)

    @property
    def entries(self) -> list[AuditEntry]:
        """The policy's audit chain."""
        return list(audit_log(self.store, POLICY))


def run(store: Store, world: World) -> Story:
    """Run the demo under quick rules."""
    told: list[tuple[datetime, str]] = []
    found = run_gates(store, KEYS, world, SHORT, lambda *line: told.append(line), rules=RULES)
    return Story(store, found, told)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    store = SqliteStore()
    yield run(store, load_table(three_arms(tmp_path_factory.mktemp("demo") / "t.csv")))
    store.close()


def test_a_good_version_stays_a_bad_one_is_stopped_and_a_regression_goes_back(story: Story) -> None:
    assert {v.version: v.status for v in list_versions(story.store, POLICY)} == {
        "1.0.0": "archived",
        "1.0.1": "archived",
        "1.0.2": "active",
        "1.0.3": "rejected",
    }
    assert story.run.active == "1.0.2"
    s = story.run.summary
    assert (s.promoted, s.stopped, s.rolled_back, s.audit_valid) == (1, 1, 1, True)


def test_each_version_enters_every_gate_of_its_class_in_order(story: Story) -> None:
    assert [(r.purpose, r.mode, r.outcome) for r in story.rollouts] == [
        ("trial", "shadow", "promoted"),
        ("trial", "canary", "promoted"),
        ("holdback", "canary", "rolled_back"),
        ("trial", "shadow", "promoted"),
        ("trial", "canary", "promoted"),
        ("holdback", "canary", "kept"),
        ("trial", "shadow", "rolled_back"),
    ]


def test_every_verdict_there_is_was_judged_again(story: Story) -> None:
    recorded = list(story.store.stream(Query(VERDICTS)))
    assert story.run.summary.verdicts_recomputed == len(recorded) > 50


def test_json_has_exactly_these_keys(story: Story) -> None:
    assert tuple(story.run.summary.to_wire()) == (
        *("promoted", "stopped", "rolledBack", "verdictsRecomputed", "auditValid", "seconds"),
    )


def test_whoever_proposed_a_version_does_not_approve_it(story: Story) -> None:
    approvals = list_approvals(story.store, KEYS, POLICY)
    assert [(a.version, a.state, a.decided_by) for a in approvals] == [
        ("demo-router@1.0.1", "approved", "bob"),
        ("demo-router@1.0.2", "approved", "bob"),
    ]
    assert all("ada" in a.involved for a in approvals)
    assert sum(text.startswith("ada may not approve") for _, text in story.told) == 2


def test_the_regression_is_found_by_the_machine_before_its_holdback_is_over(story: Story) -> None:
    (back,) = (e for e in story.entries if e.action == "rollback")
    assert (back.actor_kind, back.to) == ("machine", "1.0.0")
    (began,) = (at for at, text in story.told if "begins to fail" in text)
    assert timedelta(0) < back.ts - began < timedelta(hours=24)


def test_nobody_is_served_by_the_version_that_shadow_stops(story: Story) -> None:
    found = list(story.store.stream(Query("ops_observations")))
    items = [item for batch in found for item in batch.data["items"]]
    assert sum(not item.get("shadow") for item in items) == story.run.requests
    bad = [item for item in items if item["policyVersion"] == "demo-router@1.0.3"]
    assert len(bad) > 100
    assert all(item["shadow"] for item in bad)


def test_the_story_is_told_in_the_order_of_its_time_and_on_one_page(story: Story) -> None:
    assert [at for at, _ in story.told] == sorted(at for at, _ in story.told)
    assert len(story.told) < 40
    assert sum(text.startswith("shadow: ROLL_BACK") for _, text in story.told) == 1
    assert sum(text.startswith("holdback: ROLL_BACK") for _, text in story.told) == 1


def test_the_end_says_what_became_of_each_version(story: Story) -> None:
    days, ends, verdicts, chain = story.run.in_words()
    assert days == f"{story.run.requests} requests in 3 days; 1.0.2 is active"
    assert ends == "1 promoted, 1 stopped at a gate, 1 rolled back"
    assert verdicts.startswith(f"{story.run.summary.verdicts_recomputed} verdicts recomputed")
    assert chain == "audit chain valid"


def test_a_store_that_is_in_use_is_refused(story: Story) -> None:
    before = len(story.entries)
    with pytest.raises(InvalidInput, match="in use"):
        run_gates(story.store, KEYS, DriftingModels(), SHORT, lambda *_: None)
    assert len(story.entries) == before
