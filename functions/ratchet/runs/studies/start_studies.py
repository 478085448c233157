"""Start studies by rule: a card that shows a weakness, or a loss that grows, asks for one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ratchet.govern.roles import Actor
from ratchet.kernel.each import each
from ratchet.kernel.errors import Conflict, InvalidInput, LearningOff, NotFound, Refused
from ratchet.kernel.keys import Keys
from ratchet.policies.propose import is_policy_id
from ratchet.policies.version import key_parts
from ratchet.runs.cards.card import Card, Claim
from ratchet.runs.studies.start_study import plan_study
from ratchet.runs.studies.study import ROSTER, Roster, StudyType
from ratchet.runs.studies.study_settings import StudySettings
from ratchet.store.port import Query, Snapshot, Store

FRESH = timedelta(days=7)  # a card that nothing was added to for longer is of the past


class Wanted(NamedTuple):
    """A study that a rule asks for."""

    component: str
    policy: str
    type: StudyType
    claim: Claim


class Planned(NamedTuple):
    """What rules started, and why they started nothing where they asked for more."""

    ids: tuple[str, ...]
    left: dict[str, str]


def start_studies(
    store: Store, keys: Keys, actor: Actor, settings: StudySettings, *, now: datetime
) -> Planned:
    """Plan what the rules ask for, the worst weakness first, as far as their limits let them.

    One that cannot be planned stops no other.

    Raises: LearningOff.
    """
    found = store.get(ROSTER)
    roster = Roster.from_store(found.data) if found else Roster()
    seen = {(study.component, study.type) for study in roster.studies}
    planned: list[str] = []
    left: dict[str, str] = {}
    for one in sorted(_asked(store, settings, now), key=lambda w: (-w.claim.worse, w.component)):
        if (one.component, one.type) in seen:
            continue
        seen.add((one.component, one.type))
        try:
            planned.append(_plan(store, keys, actor, settings, one, now))
        except LearningOff:
            raise
        except (InvalidInput, NotFound, Refused, Conflict) as error:
            left[f"{one.component} {one.type}"] = error.message
    return Planned(tuple(planned), left)


def _asked(store: Store, settings: StudySettings, now: datetime) -> Iterator[Wanted]:
    """Yield what the cards ask for; without a policy there is nothing to make a version of."""
    cards = each(store.stream(Query(Card.collection)), _card, _pass_over)
    for card in cards:
        policy, number = key_parts(card.policy_version or card.active or "")
        if now - card.as_of > FRESH or not number or not is_policy_id(policy):
            continue
        for claim in card.weaknesses:
            for metric, kind in settings.rules.items():
                if metric == claim.metric:
                    yield Wanted(card.component, policy, kind, claim)


def _plan(
    store: Store,
    keys: Keys,
    actor: Actor,
    settings: StudySettings,
    wanted: Wanted,
    now: datetime,
) -> str:
    claim = wanted.claim
    told = f"{wanted.type} brings {claim.metric} of {wanted.component} from {claim.mean:.3g} to"
    study = plan_study(
        store,
        keys,
        actor,
        type=wanted.type,
        component=wanted.component,
        policy=wanted.policy,
        hypothesis=f"{told} {claim.reference:.3g}",
        configuration={"metric": claim.metric, "against": claim.against},
        cause=claim.text,
        reason=claim.text,
        limits=settings,
        now=now,
    )
    return study.id


def _card(found: Snapshot) -> Card:
    return Card.from_store(found.data)


def _pass_over(error: Exception) -> None:
    """Let a card that cannot be read keep no other from its study: the next refresh mends it."""
