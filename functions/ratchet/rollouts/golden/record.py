"""Record what a policy version does on a golden set: every look counts, and is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ratchet.govern.audit import link
from ratchet.govern.chain_heads import require_chain
from ratchet.govern.roles import Actor
from ratchet.kernel.canonical import canonical
from ratchet.kernel.errors import ChainBroken, GoldenSpent, InvalidInput, NotFound
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed, sealed
from ratchet.policies.history import get_version
from ratchet.policies.version import key_parts
from ratchet.rollouts.golden.exposure import (
    EXPOSURES,
    Against,
    GoldenExposure,
    GoldenResult,
    GoldenStanding,
    exposure_key,
    standing_key,
)
from ratchet.rollouts.golden.golden_set import GoldenHead, GoldenSet, golden_stream
from ratchet.rollouts.golden.names import Purpose
from ratchet.rollouts.golden.paired import gain_of, spread_of
from ratchet.rollouts.golden.read import RESTORE, entries_of, get_golden, latest_exposure
from ratchet.rollouts.golden.show import LookRecorded, look_shown
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

NAMED = 10  # so many wrong ids are named
Scores = Mapping[str, float]


@dataclass(frozen=True)
class GoldenRecorded:
    """An exposure, and whether it was one already: the same scores again tell nothing new.

    `left` is how many more may justify a promotion.
    """

    exposure: GoldenExposure
    duplicate: bool
    left: int

    def shown(self) -> LookRecorded:
        """Return what a person is shown of it."""
        look = dict(look_shown(self.exposure))
        return LookRecorded(**look, set=self.exposure.set, duplicate=self.duplicate, left=self.left)


def record_golden(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    actor: Actor,
    name: str,
    version: str,
    scores: Scores,
    *,
    now: datetime,
    champion: str | None = None,
    champion_scores: Scores | None = None,
    purpose: Purpose = "promotion",
) -> GoldenRecorded:
    """Keep a version's scores on a golden set, held against a champion's, as one exposure.

    Without `champion_scores` those that were recorded last for the champion are taken. A champion
    may be recorded by itself, to have its scores; that is a look as well.

    Raises: NotFound, InvalidInput that names the examples; GoldenSpent past the budget, for a
    promotion.
    """
    golden = get_golden(store, keys, name)
    for field, key in (("version", version), ("champion", champion)):
        if key is not None:
            _require_version(store, keys, key, field)
    ids = [entry.id for entry in entries_of(blobs, golden)]
    own = _checked(name, ids, scores, "scores")
    than = _champion(store, blobs, keys, golden, champion, champion_scores, ids)
    draft = GoldenExposure(
        set=name,
        sequence=1,
        version=version,
        champion=champion,
        purpose=purpose,
        scores=blobs.put(canonical(own)),
        champion_scores=blobs.put(canonical(than)) if than else None,
        result=_result(golden, own, than),
        budget=golden.terms.budget,
        at=now,
        by=actor.name,
    )
    return store.transact(lambda tx: _expose(tx, keys, actor, draft))


def _require_version(store: Store, keys: Keys, key: str, field: str) -> None:
    policy, number = key_parts(key)
    if not number:
        raise InvalidInput(
            f"{key} names no version", field=field, mend=f"name one, like {policy}@1.0.0"
        )
    get_version(store, keys, policy, number)


def _expose(tx: Transaction, keys: Keys, actor: Actor, draft: GoldenExposure) -> GoldenRecorded:
    """Give an exposure the set's next number, unless the same was looked at before."""
    stream, key = golden_stream(draft.set), standing_key(draft.set, draft.version)
    head = tx.find(GoldenHead, stream) or GoldenHead(id=stream)
    (found,) = tx.fetch([Ref(GoldenStanding.collection, key)])
    standing = GoldenStanding(set=draft.set, version=draft.version, latest=0, told={})
    if found is not None:
        standing = load_sealed(keys, GoldenStanding, key, found.data, mend=RESTORE)
    known = standing.told.get(draft.seen)
    if known is not None:
        ref = Ref(EXPOSURES, exposure_key(draft.set, known))
        (there,) = tx.fetch([ref])
        kept = there.data if there else {}
        look = load_sealed(keys, GoldenExposure, ref.id, kept, mend=RESTORE)
        return GoldenRecorded(look, True, max(0, look.budget - head.exposures))
    exposure = sealed(keys, draft.model_copy(update={"sequence": head.exposures + 1}))
    _require_room(tx, head, exposure)
    entry = link(
        keys,
        head,
        actor,
        "expose",
        draft.version,
        now=draft.at,
        payload=exposure.to_map(),
        was=draft.champion or "",
        to=exposure.key(),
        evidence={"purpose": draft.purpose, "result": draft.result.to_map()},
    )
    tx.put(exposure)
    tx.put(sealed(keys, standing.after(exposure)))
    tx.put(head.after(entry, exposures=exposure.sequence))
    tx.put(entry)
    return GoldenRecorded(exposure, False, max(0, exposure.budget - exposure.sequence))


def _require_room(tx: Transaction, head: GoldenHead, exposure: GoldenExposure) -> None:
    """Refuse a number that is given already, and a promotion by a set that is used up."""
    require_chain(tx, head)
    (taken,) = tx.fetch([Ref(EXPOSURES, exposure.key())])
    if taken is not None or not head.audit_sequence:
        raise ChainBroken(
            f"{head.id} counts {head.exposures} exposures, and there are more",
            field="exposures",
            mend=f"restore {GoldenHead.collection}/{head.id} from a backup",
        )
    if exposure.purpose == "promotion" and not exposure.justifies:
        raise GoldenSpent(
            f"golden set {exposure.set} has spent its {exposure.budget} exposures:"
            " it cannot justify a promotion any more",
            field="purpose",
            mend="freeze a new set; with --purpose look (`look`) this one may be looked at still",
        )


def _champion(
    store: Store,
    blobs: Blobs,
    keys: Keys,
    golden: GoldenSet,
    champion: str | None,
    sent: Scores | None,
    ids: list[str],
) -> Scores | None:
    """Return the champion's scores: those sent, else those recorded last."""
    if champion is None:
        if sent is not None:
            raise InvalidInput(
                "scores of a champion that is not named",
                field="champion",
                mend="name the version that they are of",
            )
        return None
    if sent is not None:
        return _checked(golden.name, ids, sent, "championScores")
    last = latest_exposure(store, keys, golden.name, champion)
    if last is None:
        raise NotFound(
            f"nothing was recorded for {champion} on {golden.name}",
            field="championScores",
            mend="send the champion's scores, too (--champion-scores FILE): one look for both",
        )
    kept: Scores = json.loads(blobs.get(last.scores))
    return kept


def _checked(name: str, ids: list[str], scores: Scores, field: str) -> Scores:
    """Return scores in the set's order, where each example has one, and no other has."""
    missing = [one for one in ids if one not in scores]
    unknown = sorted(set(scores) - set(ids))
    wrong = [one for one in ids if one in scores and not _is_score(scores[one])]
    for found, told in (
        (missing, "have no score"),
        (unknown, "are none of the set's"),
        (wrong, "have a score that is no number from 0 to 1"),
    ):
        if found:
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            raise InvalidInput(
                f"examples {', '.join(found[:NAMED])}{more} {told}",
                field=f"{field}.{found[0]}",
                mend=f"score each example of the set once (ratchet golden export {name} has them):"
                " a failed one counts as it failed",
            )
    return {one: float(scores[one]) for one in ids}


def _is_score(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _result(golden: GoldenSet, own: Scores, than: Scores | None) -> GoldenResult:
    scores = spread_of(list(own.values()))
    if than is None:
        return GoldenResult(scores=scores)
    first, second = list(own.values()), [than[one] for one in own]
    if golden.terms.direction == "lower":
        first, second = second, first
    gain = gain_of(first, second, budget=golden.terms.budget)
    against = Against(champion=spread_of(list(than.values())), gain=gain)
    return GoldenResult(scores=scores, against=against)
