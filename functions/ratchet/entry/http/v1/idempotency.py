"""Idempotency keys: a request that is sent again under its key is answered as first, done once.

A key is its caller's own, and kept for a day. A request under way holds its key for a while, so a
process that died blocks it no longer than that; what it had done by then is done, and the request
is made anew. Kept are answers and refusals; what says `try again` (a conflict, a failure of ours)
is not.
"""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from ratchet.entry.http.door import Reply, refusal
from ratchet.govern.kept_answer import KeptAnswer
from ratchet.kernel.clock import DAY, Clock
from ratchet.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from ratchet.kernel.ids import random_id
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

HEADER = "Idempotency-Key"
REPLAY = "Idempotent-Replay"
FORM = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
LIFE = DAY
KEPT = (InvalidInput, NotFound, Refused)


@dataclass(frozen=True)
class Once:
    """A request that is made at most once: whose it is, its key, its hash, how long it may take."""

    caller: str
    key: str
    asked: str
    seconds: int


def request_hash(method: str, path: str, payload: Any) -> str:
    """Return what tells one request from another; the order of names in its body does not."""
    whole = json.dumps([method, path.removeprefix("/api"), payload], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def once(store: Store, request: Once, clock: Clock, act: Callable[[], Reply]) -> Reply:
    """Do what a request asks for, or return the answer that its first time got.

    Raises: InvalidInput for a key that is none; Conflict where it was of another request; whatever
    `act` raises and is not kept.
    """
    if not re.fullmatch(FORM, request.key):
        raise InvalidInput(
            "an idempotency key has 1 to 128 letters, digits, dots, colons and dashes",
            field=HEADER,
            mend="send a fresh UUID",
        )
    holder, now = random_id(), clock()
    held = store.transact(lambda tx: _hold(tx, request, holder, now))
    if held.holder != holder:
        return _replay(held, now)
    try:
        reply = act()
    except KEPT as error:
        reply = refusal(error)
    except Exception:
        with suppress(Unavailable):  # then its time will be up, and the first error is told
            _write(store, held, None)
        raise
    _keep(store, held, reply, clock())
    return reply


def _hold(tx: Transaction, request: Once, holder: str, now: datetime) -> KeptAnswer:
    """Return who has the key: this request, where nobody has it, or holds it any more."""
    mine = KeptAnswer(
        caller=request.caller,
        idempotency_key=request.key,
        asked=request.asked,
        holder=holder,
        held_until=now + timedelta(seconds=request.seconds),
        expire_at=now + LIFE,
    )
    before = tx.find(KeptAnswer, mine.key())
    if before is not None and now < before.expire_at:
        if before.asked != request.asked:
            raise Conflict(
                "another request was made under this key",
                field=HEADER,
                mend="send a key of its own with each request",
            )
        if before.status is not None or now < before.held_until:
            return before
    tx.put(mine)
    return mine


def _replay(held: KeptAnswer, now: datetime) -> Reply:
    if held.status is None:
        under_way = Conflict(
            "the same request is under way", field=HEADER, mend="send it again a little later"
        )
        wait = ceil((held.held_until - now).total_seconds())
        shown = refusal(under_way)
        return Reply(shown.data, shown.status, {**shown.headers, "Retry-After": str(wait)})
    return Reply(json.loads(held.answer or "null"), held.status, {REPLAY: "true"})


def _keep(store: Store, held: KeptAnswer, reply: Reply, now: datetime) -> None:
    """Keep an answer under its key."""
    kept = {"status": reply.status, "answer": json.dumps(reply.data), "expire_at": now + LIFE}
    with suppress(TooLarge, Unavailable):  # it is done: whoever asked is told so all the same
        _write(store, held, held.model_copy(update=kept))


def _write(store: Store, held: KeptAnswer, after: KeptAnswer | None) -> None:
    """Write what becomes of a key, or remove it, unless another has taken it over."""

    def body(tx: Transaction) -> None:
        stored = tx.find(KeptAnswer, held.key())
        if stored is None or stored.holder != held.holder:
            return
        if after is None:
            tx.delete(Ref(held.collection, held.key()))
        else:
            tx.put(after)

    store.transact(body)
