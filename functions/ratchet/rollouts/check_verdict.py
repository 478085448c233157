"""Check a verdict: judge again what was judged, from the store, and compare byte for byte."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ratchet.kernel.canonical import canonical
from ratchet.kernel.document import Model
from ratchet.kernel.errors import BadSignature, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.kernel.seal import load_sealed
from ratchet.observe.rollout_buckets import rollout_buckets
from ratchet.observe.watch import ROLLOUTS
from ratchet.rollouts.judge import judge
from ratchet.rollouts.rollout import Rollout
from ratchet.rollouts.verdict import VERDICTS, AsOf, Judged, Verdict
from ratchet.rollouts.verdicts import get_verdict, verdict_ids
from ratchet.store.port import Ref, Store

_ALL = 10_000  # looks of one rollout: more than an hourly one has by its latest deadline
_GONE = "they are past their retention, or were deleted"
_CHANGED = (
    "the buckets do not hold the sums that were judged: changed, or some past their retention"
)


class Checked(Model):
    """What checking a verdict found: the first field that is another when it is judged again.

    `gone`: buckets that it rests on are not there any more, so it cannot be judged again.
    `broken`: it, or the verdict before it, is not what was sealed.
    """

    verdict: str
    rollout: str
    decision: str
    result: Literal["equal", "differs", "gone", "broken"]
    field: str = ""
    recorded: Any = None
    computed: Any = None
    note: str = ""


def check_verdict(store: Store, keys: Keys, verdict_id: str) -> Checked:
    """Judge a recorded verdict's look again; writes nothing.

    Raises: NotFound; BadSignature where the verdict, the one before or the rollout was changed.
    """
    if store.get(Ref(VERDICTS, verdict_id)) is None and store.get(Ref(ROLLOUTS, verdict_id)):
        raise NotFound(
            f"{verdict_id} is a rollout, and no verdict",
            field="verdict",
            mend=f"ratchet verdict check {verdict_id} --all",
        )
    return check(store, keys, get_verdict(store, keys, verdict_id))


def check_verdicts(store: Store, keys: Keys, rollout_id: str) -> list[Checked]:
    """Check every verdict of a rollout, oldest first; one that was changed keeps no other waiting.

    Raises: NotFound where there is none; BadSignature where the rollout was changed.
    """
    found = verdict_ids(store, rollout_id, limit=_ALL)
    if not found:
        raise NotFound(
            f"rollout {rollout_id} has no verdict", field="rollout", mend="ratchet rollout list"
        )
    _rollout(store, keys, rollout_id)
    return [_try_check(store, keys, rollout_id, verdict_id) for verdict_id in reversed(found)]


def _try_check(store: Store, keys: Keys, rollout_id: str, verdict_id: str) -> Checked:
    """Check one verdict of a rollout that is as it was sealed."""
    told = {"verdict": verdict_id, "rollout": rollout_id, "decision": "?"}
    try:
        verdict = get_verdict(store, keys, verdict_id)
        told["decision"] = verdict.decision
        return check(store, keys, verdict)
    except BadSignature as error:
        return Checked(**told, result="broken", field=error.field, note=error.message)
    except NotFound as error:
        return Checked(**told, result="gone", field=error.field, note=error.message)


def check(store: Store, keys: Keys, verdict: Verdict) -> Checked:
    """Hold what a verdict recorded against the same look taken again."""
    recorded, again = verdict.judged, look_again(store, keys, verdict)
    same_code = again.model_copy(update={"code": recorded.code})
    told = {"verdict": verdict.id, "rollout": verdict.rollout, "decision": verdict.decision}
    other = "" if again.code == recorded.code else f"judged by {recorded.code}, now {again.code}"
    gone = sorted(set(recorded.buckets) - set(again.buckets))
    if gone:
        lost = f"{len(gone)} of its {len(recorded.buckets)} bucket days are gone: {_GONE}"
        return Checked(**told, result="gone", field="buckets", recorded=gone[0], note=lost)
    was, now = recorded.to_map(), same_code.to_map()
    if canonical(was) == canonical(now):
        return Checked(**told, result="equal", note=other)
    field, one, two = next(_differences(was, now, ""))
    if was.get("data") != now.get("data"):  # what explains all the rest
        field, one, two, other = "data", was.get("data"), now.get("data"), _CHANGED
    return Checked(**told, result="differs", field=field, recorded=one, computed=two, note=other)


def look_again(store: Store, keys: Keys, verdict: Verdict) -> Judged:
    """Judge what a verdict judged: the rollout as it stood, its buckets as they were frozen.

    Raises: NotFound, BadSignature.
    """
    judged = verdict.judged
    rollout = as_of(_rollout(store, keys, verdict.rollout), judged.as_of)
    read = judged.until + rollout.watch.window
    return judge(
        rollout,
        rollout_buckets(store, rollout.id, rollout.watch, read),
        until=judged.until,
        now=judged.at,
        before=get_verdict(store, keys, judged.before) if judged.before else None,
        open_spend=judged.open_usd,
    )


def as_of(rollout: Rollout, then: AsOf) -> Rollout:
    """Return a rollout as it ran when it was looked at."""
    return rollout.model_copy(
        update={
            "step": then.step,
            "opened": then.opened,
            "dropped": then.dropped,
            "held": then.held,
            "state": "running",
            "outcome": None,
            "ended_at": None,
            "approval": None,
        }
    )


def require_equal(checked: Checked) -> None:
    """Stop at a verdict that does not follow from what it names.

    Raises: Refused; BadSignature where it was changed; NotFound where its buckets are gone.
    """
    if checked.result == "broken":
        raise BadSignature(
            f"{checked.verdict} cannot be judged again: {checked.note}",
            field=checked.field,
            mend="restore the one that was changed from a backup, and find who could write",
        )
    if checked.result == "gone":
        raise NotFound(
            f"{checked.verdict} cannot be judged again: {checked.note}",
            field=checked.field,
            mend="restore the store from a backup to another place, and check it there",
        )
    if checked.result == "differs":
        raise Refused(
            f"{checked.verdict} is not what follows from its buckets: {checked.field} is another",
            field=checked.field,
            mend="compare ops_rollout_buckets with a backup, and find who could write",
        )


def _rollout(store: Store, keys: Keys, rollout_id: str) -> Rollout:
    found = store.get(Ref(ROLLOUTS, rollout_id))
    if found is None:
        raise NotFound(
            f"rollout {rollout_id} does not exist", field="rollout", mend="restore it from a backup"
        )
    return load_sealed(keys, Rollout, rollout_id, found.data, mend="restore it from a backup")


def _differences(was: Any, now: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost fields that differ, with both values."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*was, *now]):
            yield from _differences(was.get(name), now.get(name), f"{where}.{name}".strip("."))
    elif _is_list(was) and _is_list(now) and len(was) == len(now):
        for i, (one, two) in enumerate(zip(was, now, strict=True)):
            yield from _differences(one, two, f"{where}[{i}]")
    elif canonical(was) != canonical(now):
        yield where, was, now


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)
