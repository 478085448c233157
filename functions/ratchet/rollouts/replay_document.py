"""A kept replay: which versions, on which log, and what came of it, to be computed again."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.ids import join_key
from ratchet.kernel.seal import Sealed
from ratchet.policies.space import Range, Simplex, arm_weights
from ratchet.policies.version import PolicyVersion
from ratchet.rollouts.replay_difference import Against

REPLAYS = "ops_replays"
# Digits and decimals on which two machines agree: the last ones hang on the order of a sum.
_DIGITS, _DECIMALS = 10, 12
_NUMBERED = "-v"


class Question(NamedTuple):
    """What is asked of a log: two maps of weights by arm, of one param; `beside` changed, too."""

    param: str
    span: Simplex
    target: Mapping[str, float]
    champion: Mapping[str, float]
    beside: tuple[str, ...]


class HourRead(Model):
    """The rows that came in within an hour: how many, and their hash."""

    rows: int
    data: str


class LogRead(Model):
    """What was read of a log, newest first, and what was not.

    `since` is when the oldest document that was read came in, and `leftOut` how many older ones of
    the window there were: 0 unless the log is longer than a replay reads. `passedOver` counts the
    observations of the arms that are no rows, by why. `hours` are those in which rows came in.
    """

    documents: int = 0
    rows: int = 0
    since: Instant | None = None
    left_out: int = 0
    passed_over: dict[str, int] = {}
    hours: dict[str, HourRead] = {}


class StoredReplay(Sealed):
    """One replay: what a version's weights would have earned beside those of the champion.

    Of the param's observations that came in from `since` to `until`, with rewards of one epoch;
    `beside` names params that the version changes as well, and of which no log tells.
    """

    collection: ClassVar[str] = REPLAYS

    id: str
    policy: str
    version: str
    champion: str
    param: str
    weights: dict[str, float]
    champion_weights: dict[str, float]
    beside: tuple[str, ...] = ()
    at: Instant
    since: Instant
    until: Instant
    epoch: int
    seeds: tuple[int, ...]
    replicates: int
    log: LogRead
    result: Against
    code: str

    def key(self) -> str:
        """Return the id."""
        return self.id


def question_of(champion: PolicyVersion, version: PolicyVersion) -> Question:
    """Return what a log is asked about a version.

    Raises: InvalidInput where a log of drawn arms cannot tell, with the reason.
    """
    names = {*champion.params, *version.params}
    changed = sorted(n for n in names if champion.params.get(n) != version.params.get(n))
    space, told = champion.space(), f"{version.key()} against {champion.key()}"
    drawn = [name for name in changed if isinstance(space.get(name), Simplex)]
    beside = tuple(name for name in changed if name not in drawn)
    other = [name for name in beside if not isinstance(space.get(name), Range)]
    if version.artifacts != champion.artifacts or other:
        raise _unfit(f"{told} changes {', '.join(other) or 'artifacts'}: no log holds what it does")
    if len(drawn) != 1:
        many = f"{' and '.join(drawn)} at once: a row of a log is one draw"
        raise _unfit(f"{told} changes {many if drawn else 'no weights: a log is of draws'}")
    (name,) = drawn
    span = space[name]
    assert isinstance(span, Simplex)  # it was chosen for that
    target, present = arm_weights(version.params[name]), arm_weights(champion.params[name])
    if set(target) != set(present):
        raise _unfit(f"{told} has other arms in {name}: no log holds what they do")
    return Question(name, span, target, present, beside)


def replay_key(policy_id: str, version: str, digest: str) -> str:
    """Return the id of a replay: its version, and a hash of all that it rests on.

    >>> replay_key("router-core", "router-core@1.0.1", "0123456789abcdef0123")
    'router-core-v1.0.1~0123456789abcdef'
    """
    return join_key(f"{policy_id}{_NUMBERED}{version.partition('@')[2]}", digest[:16])


def rounded(value: Any) -> Any:
    """Return a stored value with every fraction inside it in 10 digits and 12 decimals.

    >>> rounded({"a": [0.1 + 0.2, 1e-17]})
    {'a': [0.3, 0.0]}
    """
    if isinstance(value, float):
        return round(float(f"{value:.{_DIGITS}g}"), _DECIMALS)
    if isinstance(value, Mapping):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return value


def _unfit(why: str) -> InvalidInput:
    return InvalidInput(why, field="version", mend="try it by a rollout")
