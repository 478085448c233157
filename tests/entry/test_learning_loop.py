"""The whole loop: runs that lose, a weakness, a study, its draft, the gates, and less loss."""

import logging

import pytest

from ratchet.govern.roles import person
from ratchet.govern.verify import verify_all
from ratchet.kernel.errors import NotFound, Refused
from ratchet.policies.propose import propose
from ratchet.rollouts.verdicts import get_verdict
from ratchet.runs.studies.list_studies import get_study, list_studies
from ratchet.store.port import Store
from tests.support.carded import card_of
from tests.support.governed import ADA, KEYS, entries
from tests.support.learning import LAB, POLICY, SOURCED, planner
from tests.support.watching import standing

pytestmark = pytest.mark.slow

BOB = person("bob")
CONTRADICTIONS = ("contradictions", "threshold")


@pytest.mark.slow
def test_a_weakness_leads_to_a_study_a_draft_and_through_the_gates_to_a_strength(
    embedded: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ratchet")
    at = planner(embedded)

    at.days(7)  # of which six are closed
    assert card_of(embedded).claims == ()
    at.days(7)
    weak = card_of(embedded)
    assert [(c.side, c.metric, c.against) for c in weak.claims] == [("weakness", *CONTRADICTIONS)]
    assert weak.claims[0].text.startswith("high contradictions: 0.")
    assert weak.claims[0].mean == pytest.approx(0.60, abs=0.02)
    assert weak.loss_week.mean == pytest.approx(0.30, abs=0.02)

    (study,) = list_studies(embedded)
    assert (study.type, study.state, study.started_by) == ("prompt_synthesis", "planned", "rule")
    job = at.take()
    assert (job.study, job.base) == (study.id, f"{POLICY}@1.0.0")
    ended = at.finish(job, SOURCED)
    better = f"{POLICY}@1.0.1"
    assert (ended.state, ended.version) == ("succeeded", better)

    trial = at.start(better)
    assert (trial.mode, trial.gates) == ("canary", ("approval",))
    asked = at.until_asked()
    with pytest.raises(Refused, match="four eyes"):
        at.approve(asked, ADA)
    at.approve(asked, BOB)
    assert asked.verdict is not None
    goal = get_verdict(embedded, KEYS, asked.verdict).judged.arms[0].terms[0]
    assert (goal.metric, goal.passed) == ("loss", True)
    assert goal.control == pytest.approx(0.30, abs=0.04)
    assert goal.value == pytest.approx(0.22, abs=0.04)

    at.days(14)
    card = card_of(embedded)
    assert card.loss_week.mean == pytest.approx(0.22, abs=0.02)
    assert [(c.side, c.metric, c.against) for c in card.claims] == [
        ("strength", "contradictions", "past"),
        ("strength", "loss", "past"),
    ]
    assert all(claim.interval.high < 0 for claim in card.claims)
    assert (card.active, card.policy_version) == (better, better)
    assert [(s.id, s.state, s.version) for s in card.studies] == [(study.id, "succeeded", better)]
    learned = get_study(embedded, study.id).loss_difference
    assert learned is not None
    assert learned.difference == pytest.approx(-0.08, abs=0.02)
    assert learned.interval is not None
    assert learned.interval.high < 0

    assert all(report.valid for report in verify_all(embedded, KEYS, now=at.clock()))
    assert [(e.action, e.actor) for e in entries(embedded, POLICY)] == [
        ("propose", "ada"),
        ("activate", "ada"),
        ("study-plan", "run_studies"),
        ("study-start", LAB.name),
        ("propose", LAB.name),
        ("study-end", LAB.name),
        ("start_rollout", "ada"),
        ("ask_approval", "evaluate_rollouts"),
        ("await_approval", "evaluate_rollouts"),
        ("approve", "bob"),
        ("activate", "bob"),
        ("start_rollout", "bob"),  # a part stays on the former version for a day
        ("end_holdback", "evaluate_rollouts"),
    ]
    told = [message for message in caplog.messages if message.startswith("alert ")]
    assert [message for message in told if "opened" in message] == [
        f"alert info, opened: ada proposes {POLICY}@1.0.0: the first",
        f"alert info, opened: {LAB.name} proposes {better}: says what is sourced",
        f"alert info, opened: {trial.id}: PROMOTE, {asked.id} waits",
        f"alert info, opened: {trial.id} is promoted: {better} is active",
    ]


def test_with_the_kill_switch_off_runs_count_cards_claim_and_alerts_come_and_no_machine_learns(
    embedded: Store,
) -> None:
    at = planner(embedded, enabled=False)
    at.days(9)
    card = card_of(embedded)
    assert card.runs == 8 * 120 + 60  # as of noon
    assert [(c.metric, c.against) for c in card.weaknesses] == [CONTRADICTIONS]
    propose(embedded, KEYS, ADA, POLICY, SOURCED, reason="by hand", now=at.clock())
    at.days(1)
    assert standing(embedded) == [("version-proposed", f"{POLICY}@1.0.1")]
    assert list_studies(embedded) == []

    at.switch(enabled=True)  # the same card starts what it did not before
    at.days(1)
    (study,) = list_studies(embedded)
    assert (study.state, study.started_by) == ("planned", "rule")
    at.switch(enabled=False)
    with pytest.raises(NotFound, match="no job waits"):
        at.take()
    at.days(1)
    assert get_study(embedded, study.id).state == "abandoned"
