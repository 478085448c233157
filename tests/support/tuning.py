"""A policy under auto-tune: what its arms report, and what comes of it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from ratchet.policies.history import get_version
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.carry_draft import carry_draft
from ratchet.store.port import Store
from ratchet.tune.auto_tune import TuneOutcome, auto_tune_policies
from ratchet.tune.carry import Carried
from tests.support.governed import KEYS, PARAMS, POLICY, SPACE, draft, promote, switch_flags
from tests.support.observing import NOON, Worker, observation, worker

HOUR = timedelta(hours=1)
ACTIVE = f"{POLICY}@1.0.0"
SALT = "a salt of the tests"


@dataclass
class Loop:
    """A policy, and the worker that scores what is reported of it.

    Its drafts stay drafts, unless they are `carried` along the gates as in production.
    """

    store: Store
    worker: Worker
    batches: int = 0
    carried: bool = False

    def report(self, arm: str, n: int, *, ok: bool = True, **fields: Any) -> None:
        """Let one arm report n observations, score them and roll them up."""
        said = {"component": f"router:{arm}", "arm": arm, "policyVersion": ACTIVE} | fields
        said["outcome"] = "success" if ok else "failure"
        self.batches += 1
        items = [observation(self.worker.clock(), **said) for _ in range(n)]
        self.worker.batch(f"batch-{self.batches}", items)
        self.worker.scored_later()
        self.worker.roll()

    def tune(self) -> TuneOutcome:
        """Run auto-tune; it has one policy to look at."""
        (outcome,) = self.all()
        return outcome

    def all(self) -> list[TuneOutcome]:
        reader, now = self.worker.reader, self.worker.clock()
        carry = partial(carry_draft, self.store, KEYS, reader, salt=lambda: SALT, now=now)
        return auto_tune_policies(
            self.store, KEYS, reader, carry=carry if self.carried else _stay, now=now
        )

    def drafted(self) -> PolicyVersion:
        """Return the version that auto-tune proposed."""
        outcome = self.tune()
        assert outcome.version is not None, outcome.reasons
        return get_version(self.store, KEYS, POLICY, outcome.version)

    def reader_of_a_new_process(self) -> None:
        self.worker = Worker(self.store, self.worker.clock)


def _stay(draft: PolicyVersion) -> Carried:
    return Carried("proposed", (f"{draft.key()} stays",))


def loop(
    store: Store, *, params: Any = PARAMS, space: Any = SPACE, carried: bool = False, **flags: bool
) -> Loop:
    switch_flags(store, **flags)
    draft(store, params, tuning_space=space, now=NOON)
    promote(store, "1.0.0", now=NOON)
    return Loop(store, worker(store, NOON + timedelta(minutes=10)), carried=carried)


def weights_of(version: PolicyVersion) -> dict[str, float]:
    found = version.params["modelWeights"]
    assert isinstance(found, dict)
    return {str(arm): float(str(w)) for arm, w in found.items()}
