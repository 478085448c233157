"""Write the card of one component, in one transaction with the trend that it is made from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from ratchet.govern.alerts import alert, raise_alert
from ratchet.govern.config import CHECKPOINTS, ConfigReader
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.kernel.ids import join_key
from ratchet.observe.reward import RewardConfig
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import is_policy_id
from ratchet.policies.version import key_parts, version_key
from ratchet.runs.cards.card import Card, Claim, StudyLine, card_ref
from ratchet.runs.cards.card_settings import CardSettings
from ratchet.runs.cards.claims import FLEET_DAYS
from ratchet.runs.cards.compose_card import claims_of, compose_card
from ratchet.runs.cards.fleet import FLEET, RunFleet
from ratchet.runs.patch_trend import patched_trend
from ratchet.runs.studies.study import STUDIES, Study
from ratchet.runs.trend import RunTrend
from ratchet.stats.run_sums import RunBucket
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store
from ratchet.store.transact import Transaction

RECENT_STUDIES = 5
QUIET = timedelta(hours=1)
Seen = Mapping[str, str]


class Claimed(NamedTuple):
    """What is claimed, and the midnight until which days were over for it."""

    claims: tuple[Claim, ...]
    closed_until: datetime | None


@dataclass(frozen=True)
class Scribe:
    """What writing cards takes besides the runs, read once for all of them.

    `compares` says that the fleet is compared now; else it is as it was last compared.
    """

    reader: ConfigReader
    fleet: RunFleet | None
    now: datetime
    compares: bool = False

    @cached_property
    def settings(self) -> CardSettings:
        """What config/cards says."""
        return self.reader.read(CardSettings)

    def claims(self, trend: RunTrend, known: Card | None) -> Claimed:
        """Return what is claimed of the days that were over when the fleet was compared.

        Claims that rest on these days already stay: to look again on the same day, at runs that
        came late, would be one look more than what is promised allows for. So do those that rest
        on later ones, which the comparison wrote since the fleet was read here. Nothing is
        claimed of a component that no comparison has seen: it was not among those it allows for.
        """
        then = known.closed_until if known else None
        unseen = then is None and not self.compares
        if self.fleet is None or unseen or (then is not None and then >= self.fleet.until):
            return Claimed(known.claims if known else (), then)
        config = self.reader.read(RewardConfig).for_component(trend.component)
        limits = self.settings.limits_with(config.thresholds.min_acceptable)
        return Claimed(claims_of(trend.sums_by_day, self.fleet, limits), self.fleet.until)


@naming
def _fleet(stored: Snapshot) -> RunFleet:
    fleet = RunFleet.from_store(stored.data)
    try:
        whole = fleet.days.n.shape[-1] == FLEET_DAYS
    except (KeyError, ValueError):  # of other metrics, as another release has them, or other days
        whole = False
    if not whole:
        raise InvalidInput("metrics: they are not those of this release", field="metrics")
    return fleet


def scribe(store: Store, reader: ConfigReader, *, now: datetime) -> Scribe:
    """Return what writing cards takes, with the fleet as it was last compared.

    Where that cannot be read, cards keep the claims that they have, and an alert says so.
    """
    found = store.get(FLEET)
    try:
        return Scribe(reader, _fleet(found) if found else None, now)
    except InvalidInput as error:
        about = alert(
            "fleet-unreadable",
            FLEET.id,
            "warning",
            f"nothing new is claimed of any component: {error.message}",
            now=now,
            command="ratchet tick --only compare_fleet",
            evidence=error.as_dict(),
        )
        raise_alert(store, about, quiet=QUIET)
        return Scribe(reader, None, now)


def write_card(
    store: Store, component: str, scribe: Scribe, changed: Seen | None = None
) -> Card | None:
    """Bring a component's trend up to its changed buckets, and its card up to its trend.

    `changed` are the ids of all its buckets that changed lately, each with the digest of what was
    read; what the trend then holds of them is kept beside the card, in the same transaction. None
    where they are given and the card was written from others in this very minute. A trend that is
    not there, or cannot be read, is made anew from all the buckets of its days.
    """
    now = scribe.now
    unread: list[RatchetError] = []

    def body(tx: Transaction) -> Card | None:
        unread.clear()
        mark, card = tx.fetch([mark_ref(component), card_ref(component)])
        if changed is not None and mark and _minute(mark.data["at"]) == _minute(now):
            return None
        known, seen = _known(card), seen_of(mark)
        new = [_bucket(key) for key, told in (changed or {}).items() if seen.get(key) != told]
        studies = _studies(tx, component)
        trend = patched_trend(tx, component, new, now, unread.append)
        active = _active(tx, trend.newest_version)
        present = {ref.id: digest(s.data) for ref, s in zip(new, tx.fetch(new), strict=True) if s}
        claims, closed_until = scribe.claims(trend, known)
        made = compose_card(
            trend,
            claims=claims,
            closed_until=closed_until,
            studies=studies,
            active=active,
            settings=scribe.settings,
            now=now,
        )
        tx.put(trend)
        tx.put(made)
        if changed is not None:
            kept = {key: told for key, told in seen.items() if key in changed}
            tx.set(mark_ref(component), {"v": 1, "at": now, "seen": kept | present})
        return made

    made = store.transact(body, self_checking=True)
    for error in unread:
        _tell_trend(store, component, error, now)
    return made


def _tell_trend(store: Store, component: str, error: RatchetError, now: datetime) -> None:
    """Tell of a trend that could not be read, and was made anew."""
    about = alert(
        "trend-unreadable",
        component,
        "warning",
        f"the trend of {component} was made anew from its run buckets: {error.message}",
        now=now,
        command=f"ratchet card {component}",
        evidence=error.as_dict(),
    )
    raise_alert(store, about, quiet=QUIET)


def _known(stored: Snapshot | None) -> Card | None:
    """Return the card there is; one that cannot be read is made anew, as if there were none."""
    try:
        return Card.from_store(stored.data) if stored else None
    except InvalidInput:
        return None


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def mark_ref(component: str) -> Ref:
    """Return where it is kept when a component's card was written, and from which buckets."""
    return Ref(CHECKPOINTS, join_key("card", component))


def seen_of(mark: Snapshot | None) -> Seen:
    """Return the digests of the buckets that a trend was last made from."""
    return mark.data["seen"] if mark else {}


def digest(data: Mapping[str, object]) -> str:
    """Return a digest of a stored bucket: two countings of one instant leave the same times.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=12).hexdigest()


def _bucket(key: str) -> Ref:
    return Ref(RunBucket.collection, key)


def _studies(tx: Transaction, component: str) -> tuple[StudyLine, ...]:
    """Return the newest studies; of one that cannot be read the list of studies tells."""
    where = (Filter("component", "==", component),)
    found = tx.query(Query(STUDIES, where, ("-createdAt",), RECENT_STUDIES))
    unread: list[RatchetError] = []
    known = each(found, lambda s: Study.from_store(s.data), unread.append)
    return tuple(StudyLine(id=s.id, type=s.type, state=s.state, version=s.version) for s in known)


def _active(tx: Transaction, version: str | None) -> str | None:
    """Return the version that is active of the policy that a version is of."""
    if version is None or "@" not in version:
        return None
    policy, _ = key_parts(version)
    if not is_policy_id(policy):  # a run may name any version
        return None
    (found,) = tx.fetch([Ref(PolicyHead.collection, policy)])
    active = found.data.get("active") if found else None
    return version_key(policy, active) if active else None
