"""Override: a person promotes or rolls back by name and reason, whatever the evidence says."""

from datetime import datetime
from typing import Any, Literal

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.activate import switch
from ratchet.policies.head import PolicyHead
from ratchet.policies.history import get_version
from ratchet.policies.propose import read_version
from ratchet.policies.version import PolicyVersion, key_parts
from ratchet.rollouts.changes import finish, put_ended, read_changes, rewrite, without
from ratchet.rollouts.prepare import Prepared
from ratchet.rollouts.promote import prepare_holdback, promote
from ratchet.rollouts.rollout import Challenger, Rollout
from ratchet.rollouts.running import one_of, read_running, require_standing, sealed_rollout
from ratchet.store.port import Store
from ratchet.store.transact import Transaction

Decision = Literal["PROMOTE", "ROLL_BACK"]


def override_rollout(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    rollout_id: str,
    decision: Decision,
    *,
    arm: str | None = None,
    reason: str,
    now: datetime,
) -> PolicyHead:
    """Decide a running rollout at once; gates that are left are not asked, and the audit says so.

    PROMOTE makes the named, or only, challenger active, with its holdback. ROLL_BACK rejects what
    is tried, or the named challenger alone. Of a holdback PROMOTE keeps the new version, and
    ROLL_BACK goes back to the former one. Works with the kill switch off.

    Raises: NotFound, BadSignature, Refused, IllegalTransition, Forbidden, InvalidInput.
    """
    require_person(actor, "override a rollout")
    require_reason(actor, reason, "override a rollout")
    holdback = None
    if decision == "PROMOTE":
        holdback = _holdback(store, keys, reader, sealed_rollout(store, keys, rollout_id), arm, now)

    def body(tx: Transaction) -> PolicyHead:
        rollout, head = read_running(tx, keys, rollout_id)
        if rollout.purpose == "aa":
            raise Refused(
                f"{rollout_id} tries the champion against itself, so there is nothing to decide",
                field="purpose",
                mend=f"ratchet rollout abort {rollout_id} --reason ...",
            )
        read_changes(tx, head, (rollout.champion, *(c.version for c in rollout.challengers)))
        case = _Case(tx, keys, head, actor, rollout, reason, now)
        if decision == "PROMOTE":
            return case.keep() if rollout.purpose == "holdback" else case.promote(arm, holdback)
        return case.regress() if rollout.purpose == "holdback" else case.roll_back(arm)

    return store.transact(body)


def _holdback(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    rollout: Rollout,
    arm: str | None,
    now: datetime,
) -> Prepared | None:
    """Return what follows the promotion of a trial, read before the transaction."""
    if rollout.purpose != "trial" or rollout.state == "ended":
        return None
    policy, number = key_parts(one_of(rollout, arm).version)
    winner = get_version(store, keys, policy, number)
    return prepare_holdback(store, reader, rollout, winner, now=now)


class _Case:
    """One override: the rollout it is of, marked as overridden, inside its transaction."""

    def __init__(
        self,
        tx: Transaction,
        keys: Keys,
        head: PolicyHead,
        actor: Actor,
        rollout: Rollout,
        reason: str,
        now: datetime,
    ) -> None:
        self.rollout = rollout.model_copy(update={"overridden": True})
        self.place = (tx, keys, head, actor)
        self.told: dict[str, Any] = {"reason": reason, "override": True, "now": now}

    def promote(self, arm: str | None, holdback: Prepared | None) -> PolicyHead:
        """Make a challenger active."""
        tx, keys, head, _ = self.place
        winner = one_of(self.rollout, arm)
        require_standing(tx, keys, head, [winner])
        skipped = {"skipped": list(self.rollout.gates)} if self.rollout.gates else {}
        return promote(
            *self.place,
            self._version(winner),
            rollout=self.rollout,
            holdback=holdback,
            evidence={"rollout": self.rollout.id} | skipped,
            **self.told,
        )

    def keep(self) -> PolicyHead:
        """End a holdback: the new version stays."""
        return finish(*self.place, self.rollout, "kept", "end_holdback", **self.told)

    def regress(self) -> PolicyHead:
        """Go back to the version that a holdback kept beside the new one."""
        tx, keys, head, actor = self.place
        former = self._version(self.rollout.challengers[0])
        put_ended(tx, keys, self.rollout, "rolled_back", now=self.told["now"])
        evidence = {"rollout": self.rollout.id}
        return switch(tx, keys, head, former, actor, "rollback", evidence=evidence, **self.told)

    def roll_back(self, arm: str | None) -> PolicyHead:
        """Reject what is tried; where others stand beside the named challenger, it alone."""
        rollout, head = self.rollout, self.place[2]
        gone = rollout.standing if arm is None else (one_of(rollout, arm),)
        drafts = without(head, (c.version for c in gone))
        if len(gone) == len(rollout.standing):
            action = "roll_back_rollout"
            return finish(*self.place, rollout, "rolled_back", action, drafts=drafts, **self.told)
        less = rollout.model_copy(
            update={"dropped": (*rollout.dropped, gone[0].arm), "overridden": False}
        )
        return rewrite(
            *self.place,
            less,
            "drop_challenger",
            was=gone[0].arm,
            to=rollout.champion,
            drafts=drafts,
            **self.told,
        )[1]

    def _version(self, challenger: Challenger) -> PolicyVersion:
        tx, keys, _, _ = self.place
        return read_version(tx, keys, *key_parts(challenger.version))
