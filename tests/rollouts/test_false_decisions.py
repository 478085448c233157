"""How often identical versions were decided about: each rollout counts once."""

from datetime import timedelta

import pytest

from ratchet.kernel.clock import HOUR
from ratchet.kernel.errors import NotFound
from ratchet.rollouts.abort import abort_rollout
from ratchet.rollouts.false_decisions import FalseDecisions, false_decisions
from ratchet.rollouts.record_verdict import record_verdict
from ratchet.rollouts.verdict import TermSeen
from ratchet.rollouts.verdicts import verdict_key
from ratchet.store.port import Store
from tests.support.carried import JUDGE, carried, decided, running
from tests.support.governed import ADA, KEYS, NOON, POLICY, draft, lineage_of, weights
from tests.support.judged import term

DAY = timedelta(days=1)


def ran(store: Store, start: int, *decisions: str, purpose: str = "aa") -> None:
    """Run a rollout on a day, with a look an hour, and end it."""
    begun = NOON + start * DAY
    rollout = running(store, purpose=purpose, steps=(0.4,), now=begun)
    for hours, decision in enumerate(decisions, 1):
        carried(store, rollout, decision, now=begun + hours * HOUR)
    abort_rollout(store, KEYS, ADA, rollout.id, reason="test", now=begun + 20 * HOUR)


def test_a_rollout_that_was_decided_about_at_any_look_counts_once(embedded: Store) -> None:
    lineage_of(embedded, 1)
    draft(embedded, weights(0.5))
    ran(embedded, 0, "HOLD", "HOLD")
    ran(embedded, 1, "HOLD", "PROMOTE", "PROMOTE", "ROLL_BACK")
    ran(embedded, 2, "ROLL_BACK")
    ran(embedded, 3, "HOLD", purpose="trial")  # says nothing of identical versions
    assert false_decisions(embedded, KEYS, POLICY) == FalseDecisions(
        rollouts=3, looks=7, promoted=1, rolled_back=2, decided=2, alpha=0.05
    )


def test_that_identical_versions_are_not_much_worse_is_no_false_promotion(embedded: Store) -> None:
    lineage_of(embedded, 1)
    for day, needed in enumerate((-0.02, 0.0)):
        begun = NOON + day * DAY
        rollout, at = running(embedded, purpose="aa", steps=(0.4,), now=begun), begun + HOUR
        judged = decided(rollout, "PROMOTE", now=at)
        goal = TermSeen.parse(term(needed=needed))
        arms = tuple(arm.model_copy(update={"terms": (goal,)}) for arm in judged.arms)
        shown, key = judged.model_copy(update={"arms": arms}), verdict_key(rollout.id, at)
        record_verdict(embedded, KEYS, JUDGE, rollout, shown, None, verdict_id=key, now=at)
        abort_rollout(embedded, KEYS, ADA, rollout.id, reason="test", now=at)
        assert false_decisions(embedded, KEYS, POLICY).promoted == day


def test_a_policy_that_never_ran_one_has_none_and_one_that_is_not_there_is_not_found(
    embedded: Store,
) -> None:
    lineage_of(embedded, 1)
    assert false_decisions(embedded, KEYS, POLICY).rollouts == 0
    with pytest.raises(NotFound):
        false_decisions(embedded, KEYS, "nobody")
