"""Record what components report: observations and exposures, idempotent by the document's id.

One observation is a document; up to 500 items are one, with `items` and `exposures` beside them.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ratchet.kernel.canonical import pseudonym
from ratchet.kernel.document import Model
from ratchet.kernel.errors import AlreadyExists, Conflict, InvalidBatch, InvalidInput
from ratchet.kernel.ids import random_id, shard_of
from ratchet.kernel.keys import Keys
from ratchet.observe.exposure import KIND, Exposure, check_sent, is_exposure
from ratchet.observe.observation import (
    COLLECTION,
    MAX_BATCH,
    DocumentId,
    Observation,
    Rejection,
    exposures_of,
    items_of,
)
from ratchet.observe.sample import kept
from ratchet.observe.settings import Ingest
from ratchet.store.port import Ref, Store

Item = TypeVar("Item", Observation, Exposure)
Checked = Sequence[Observation | Exposure | Rejection]
_DOCUMENT_ID: TypeAdapter[str] = TypeAdapter(DocumentId)


class Recorded(Model):
    """The answer to a recording: what was stored, sampled out, and refused with its reason.

    Units: observations and exposures, together.
    """

    id: str
    accepted: int
    sampled: int = 0
    rejected: tuple[Rejection, ...] = ()
    duplicate: bool = False


def record(store: Store, keys: Keys, payload: Any, *, ingest: Ingest, now: datetime) -> Recorded:
    """Store one item, a list of them, or `{"id": ..., "observations": [...]}`.

    An item is an observation, or an exposure by its `kind`. Good items of a batch are stored though
    others are refused; the same id with the same content is a success, so a caller may send again.

    Raises: InvalidInput, InvalidBatch when every item is refused, Conflict for other content.
    """
    ingest.loaded_once(store)
    document_id, raw, single = _unpack(payload)
    checked = _check(raw, now, ingest.retention)
    rejected = _rejected(checked)
    if len(rejected) == len(raw):
        raise _all_refused(rejected, raw, single)
    items: dict[int, dict[str, Any]] = {}
    exposures: list[dict[str, Any]] = []
    for i, item in enumerate(checked):
        if isinstance(item, Exposure):
            exposures.append(_hide(keys, item).to_map())
        elif isinstance(item, Observation):
            identity = document_id if single else f"{document_id}.{i}"
            taken = kept(_hide(keys, item), identity, ingest.sample_successes)
            if taken is not None:
                items[i] = taken.to_map()
    accepted = len(items) + len(exposures)
    sampled = len(raw) - len(rejected) - accepted
    answer = Recorded(id=document_id, accepted=accepted, sampled=sampled, rejected=rejected)
    if not accepted:
        return answer
    data = _document(items, exposures, single, len(raw)) | {
        "v": 1,
        "shard": shard_of(document_id, ingest.shards),
        "ingestedAt": now,
        "expireAt": now + ingest.retention,
        "contentHash": _content_hash(keys, raw),
    }
    if sampled:
        data["sampled"] = sampled
    try:
        store.create(Ref(COLLECTION, document_id), data)
    except AlreadyExists:
        return _again(store, answer, data["contentHash"], raw)
    return answer


def _unpack(payload: Any) -> tuple[str, Sequence[Any], bool]:
    """Return (document id, raw items, whether it is one observation)."""
    single = isinstance(payload, Mapping) and "observations" not in payload
    if single:
        raw: Any = [{k: v for k, v in payload.items() if k != "id"}]
    else:
        raw = payload["observations"] if isinstance(payload, Mapping) else payload
    if not isinstance(raw, list | tuple):
        raise InvalidInput(
            "observations wants a list", field="observations", mend="send a JSON array"
        )
    if not 1 <= len(raw) <= MAX_BATCH:
        raise InvalidInput(
            f"a batch has 1 to {MAX_BATCH} observations, this has {len(raw)}",
            field="observations",
            mend="split it",
        )
    extra = set(payload) - {"id", "observations"} if isinstance(payload, Mapping) else set()
    if extra and not single:
        raise InvalidInput(f"unknown field {min(map(str, extra))}", field=min(map(str, extra)))
    document_id = payload.get("id") if isinstance(payload, Mapping) else None
    if document_id is None:
        return random_id(), raw, single
    try:
        return _DOCUMENT_ID.validate_python(document_id, strict=True), raw, single
    except ValidationError as error:
        raise InvalidInput(
            "id: 1 to 120 letters, digits, `_` and `-`", field="id", mend="send a UUID"
        ) from error


def _check(raw: Sequence[Any], now: datetime, retention: timedelta) -> Checked:
    return [check_sent(item, i, now=now, retention=retention) for i, item in enumerate(raw)]


def _rejected(checked: Checked) -> tuple[Rejection, ...]:
    return tuple(item for item in checked if isinstance(item, Rejection))


def _document(
    items: dict[int, dict[str, Any]], exposures: list[dict[str, Any]], single: bool, sent: int
) -> dict[str, Any]:
    """Return what a document holds of the items; only an observation by itself lies flat."""
    if single and items:
        return items[0]
    data: dict[str, Any] = {"items": list(items.values())}
    if 0 < len(items) < sent:
        data["indexes"] = list(items)
    return data | {"exposures": exposures} if exposures else data


def _again(store: Store, answer: Recorded, content_hash: str, raw: Sequence[Any]) -> Recorded:
    """Answer a repeated recording as the first was answered, if the content is the same."""
    found = store.get(Ref(COLLECTION, answer.id))
    if found is None or found.data.get("contentHash") != content_hash:
        raise Conflict(
            f"{COLLECTION}/{answer.id} was recorded with other content",
            field="id",
            mend="use a new id for new observations",
        )
    # What was ahead of the clock or old is judged as of then: it was refused, or it was not.
    then: datetime = found.data["ingestedAt"]
    rejected = _rejected(_check(raw, then, found.data["expireAt"] - then))
    return answer.model_copy(
        update={
            "accepted": len(items_of(found.data)) + len(exposures_of(found.data)),
            "sampled": found.data.get("sampled", 0),
            "rejected": rejected,
            "duplicate": True,
        }
    )


def _all_refused(rejected: tuple[Rejection, ...], raw: Sequence[Any], single: bool) -> InvalidInput:
    first = rejected[0]
    if single:
        kind = KIND if is_exposure(raw[0]) else "observation"
        return InvalidInput(
            f"{kind}: {first.field}: {first.reason}", field=first.field, mend="mend it"
        )
    return InvalidBatch(
        f"all {len(rejected)} observations were refused; the first: {first.field}: {first.reason}",
        rejected=rejected,
        mend="mend the fields named",
    )


def _hide(keys: Keys, item: Item) -> Item:
    """Replace the raw unit by its pseudonym."""
    if item.unit is None:
        return item
    return item.model_copy(update={"unit": pseudonym(keys.units, item.unit)})


def _content_hash(keys: Keys, raw: Sequence[Any]) -> str:
    """Return a keyed hash of what was sent: a plain one would let raw units be guessed."""
    try:
        text = json.dumps(raw, sort_keys=True, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(raw)
    return hmac.new(keys.units, text.encode(errors="replace"), hashlib.sha256).hexdigest()
