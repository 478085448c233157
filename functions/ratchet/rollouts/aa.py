"""A/A: the active version against itself on real traffic, to see how often nothing is found."""

from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.govern.roles import Actor, require_person, require_reason
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.policies.history import get_version
from ratchet.rollouts.gate_rules import Gates
from ratchet.rollouts.prepare import prepare
from ratchet.rollouts.rollout import MAX_CHALLENGERS, Rollout, RolloutDraft
from ratchet.rollouts.running import ready_head, require_active
from ratchet.rollouts.start import begin_prepared
from ratchet.store.port import Store
from ratchet.store.transact import Transaction


def start_aa(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    actor: Actor,
    policy: str,
    *,
    arms: int = 1,
    share: float | None = None,
    profile: str | None = None,
    salt: str,
    reason: str,
    now: datetime,
) -> Rollout:
    """Let twins of the active version meet units beside it, each with a share; judged as a trial.

    Whatever is found changes nothing. Equal parts where no share is given; `salt` is random.

    Raises: NotFound, BadSignature, Refused, Forbidden, InvalidInput, Conflict.
    """
    require_person(actor, "start an A/A")
    require_reason(actor, reason, "start an A/A")
    if not 1 <= arms <= MAX_CHALLENGERS:
        raise InvalidInput(
            f"{arms} twins cannot be tried", field="arms", mend=f"1 to {MAX_CHALLENGERS}"
        )
    champion = require_active(ready_head(store, policy))
    gates = reader.read(Gates)
    name = profile or gates.rules(policy, "behaviour").profile
    names = [f"aa{i + 1}" for i in range(arms)]
    draft = RolloutDraft.parse(
        {
            "policy": policy,
            "challengers": [{"arm": arm, "version": champion} for arm in names],
            "mode": "split",
            "steps": [dict.fromkeys(names, 1 / (arms + 1) if share is None else share)],
            "profileName": name,
            "profile": gates.profile(name),
            "purpose": "aa",
        }
    )
    version = get_version(store, keys, policy, champion.partition("@")[2])
    prepared = prepare(store, reader, draft, version, salt=salt, now=now)

    def body(tx: Transaction) -> Rollout:
        return begin_prepared(tx, keys, actor, prepared, champion=champion, reason=reason, now=now)

    return store.transact(body)
