"""A policy that is studied: who acts, the clock, the cards that ask, and what became of studies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.runs.cards.card import Card, Claim, card_ref
from ratchet.runs.studies.end_study import abandon_study
from ratchet.runs.studies.list_studies import get_study
from ratchet.runs.studies.run_studies import StudiesReport, run_studies
from ratchet.runs.studies.run_study import run_study
from ratchet.runs.studies.start_study import plan_study
from ratchet.runs.studies.study import ROSTER, Roster, Study
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.stats.intervals import Interval
from ratchet.store.port import Store
from tests.support.governed import (
    ADA,
    KEYS,
    NOON,
    POLICY,
    draft,
    entries,
    promote,
    switch_flags,
)
from tests.support.observing import configure

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COMPONENT = "planner"


@dataclass
class Desk:
    """A policy at 1.0.0, and the hourly verb with a clock of its own."""

    store: Store
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON + HOUR))

    @property
    def reader(self) -> ConfigReader:
        """A reader of a process that has just begun."""
        return ConfigReader(self.store, self.clock)

    def configure(self, **fields: Any) -> None:
        """Write config/studies as a person would in the console."""
        configure(self.store, StudySettings(**fields))

    def plan(self, kind: Any = "prompt_synthesis", **options: Any) -> Study:
        """Let Ada start a study."""
        given: dict[str, Any] = {
            "actor": ADA,
            "component": COMPONENT,
            "policy": POLICY,
            "hypothesis": "fewer contradictions",
            "reason": "test",
        } | options
        actor = given.pop("actor")
        return plan_study(self.store, KEYS, actor, type=kind, now=self.clock(), **given)

    def run(self, study_id: str, actor: Any = ADA) -> Study:
        """Run one study now."""
        return run_study(
            self.store, KEYS, self.reader, actor, study_id, clock=self.clock, reason="test"
        )

    def abandon(self, study_id: str) -> Study:
        """Let Ada give a study up."""
        return abandon_study(self.store, KEYS, ADA, study_id, reason="of no use", now=self.clock())

    def tick(self, later: timedelta = HOUR, store: Store | None = None) -> StudiesReport:
        """Let the hourly verb run, an hour later unless told."""
        self.clock.advance(later)
        return run_studies(store or self.store, KEYS, self.reader, clock=self.clock)

    def study(self, study_id: str) -> Study:
        """Return a study as it is stored."""
        return get_study(self.store, study_id)

    def card(self, *claims: Mapping[str, Any], component: str = COMPONENT) -> None:
        """Write the card of a component, as of now."""
        card = Card(
            component=component,
            as_of=self.clock(),
            claims=tuple(weakness(**claim) for claim in claims),
            policy_version=f"{POLICY}@1.0.0",
        )
        self.store.set(card_ref(component), card.to_map())

    def on_roster(self) -> list[str]:
        """Return the ids of the studies that are open."""
        found = self.store.get(ROSTER)
        return [study.id for study in Roster.from_store(found.data).studies] if found else []


def weakness(metric: str = "contradictions", **fields: Any) -> Claim:
    """Return the claim that a component does worse than the fleet."""
    given: dict[str, Any] = {
        "side": "weakness",
        "metric": metric,
        "against": "fleet",
        "mean": 0.3,
        "reference": 0.1,
        "worse": 0.2,
        "interval": Interval(low=0.1, high=0.3),
        "runs": 300,
        "days": 7,
        "text": f"high {metric}",
    }
    return Claim(**given | fields)


def desk(store: Store, **flags: bool) -> Desk:
    """Return a desk: learning is on, unless told, and 1.0.0 is active."""
    switch_flags(store, **flags)
    draft(store, now=NOON)
    promote(store, "1.0.0", now=NOON)
    return Desk(store)


def told(store: Store) -> list[tuple[str, str, str, str]]:
    """Return what the policy's chain says of studies: action, study, state, and by whom."""
    return [
        (e.action, e.id, e.to, e.actor) for e in entries(store) if e.action.startswith("study-")
    ]
