"""Columns of the Parquet files: what is kept of an observation and of a reward, and its type."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ratchet.observe.commit import REWARDS
from ratchet.observe.observation import COLLECTION

Kind = Literal["observations", "rewards"]
Type = Literal["text", "int", "float", "instant", "flag", "json"]
KINDS: Mapping[Kind, str] = {"observations": COLLECTION, "rewards": REWARDS}
# Another number where a column is added or means another thing; columns are never taken away.
SCHEMA = 1


class Column(NamedTuple):
    """One column: its name, as in the stored document where it is of one, and what it holds."""

    name: str
    type: Type
    holds: str


# What tells a row from all others, and the two kinds' rows of one thing to each other.
_PLACE = (
    Column("document", "text", "id of the document that it was stored in"),
    Column("position", "int", "its place in the document's batch, from 0; the same in both kinds"),
    Column("kind", "text", "`observation`, `exposure`, `reward`, or `unreadable`"),
)
_DOCUMENT = (
    Column("v", "int", "schema version of the document"),
    Column("shard", "int", "the shard that it was written to"),
    Column("ingestedAt", "instant", "when it came in"),
    Column("expireAt", "instant", "when the store removes it"),
)
_REST = Column("rest", "json", "fields that are no column's, or not of its type")

OBSERVATIONS = (
    *_PLACE,
    Column("id", "text", "the observation's id: the document's, or `batch.index`"),
    *_DOCUMENT,
    Column("contentHash", "text", "keyed hash of what was sent"),
    Column("sampled", "int", "how many of the batch were sampled out"),
    Column("ts", "instant", "when it happened"),
    Column("component", "text", "what did it"),
    Column("outcome", "text", "`success`, `failure` or `timeout`"),
    Column("quality", "float", "0..1"),
    Column("confidence", "float", "0..1"),
    Column("durationMs", "float", "milliseconds"),
    Column("tokensIn", "int", "tokens read"),
    Column("tokensOut", "int", "tokens written"),
    Column("costUsd", "float", "US dollars"),
    Column("retries", "int", "tries after the first"),
    Column("errorCode", "text", "the component's own code"),
    Column("policyVersion", "text", "version served"),
    Column("intendedVersion", "text", "version assigned"),
    Column("arm", "text", "arm of an allocation"),
    Column("propensity", "float", "probability of the arm"),
    Column("fallbackFrom", "text", "arm that was drawn, where another was served"),
    Column("weight", "int", "observations that it stands for; 1 where absent"),
    Column("unit", "text", "pseudonym of the unit"),
    Column("rolloutId", "text", "rollout that it is of"),
    Column("rolloutArm", "text", "arm of the rollout"),
    Column("rolloutStep", "int", "step of the rollout"),
    Column("step", "int", "step of the rollout, of an exposure"),
    Column("exposedAt", "instant", "when the unit met its arm"),
    Column("shadow", "flag", "whether it was not served; false where absent"),
    Column("paired", "json", "arms that ran in shadow beside it"),
    Column("runId", "text", "run that it is of"),
    Column("meta", "json", "the component's own fields"),
    _REST,
)
DETAILS = ("successBoost", "latencyPenalty", "costPenalty", "errorPenalty")
REWARD_COLUMNS = (
    *_PLACE,
    *_DOCUMENT,
    Column("obsId", "text", "document of its observation"),
    Column("rewardEpoch", "int", "epoch of the reward configuration"),
    Column("ts", "instant", "when the observation happened"),
    Column("component", "text", "what did it"),
    Column("score", "float", "reward 0..1"),
    Column("successBoost", "float", "term of the score"),
    Column("latencyPenalty", "float", "term of the score"),
    Column("costPenalty", "float", "term of the score"),
    Column("errorPenalty", "float", "term of the score"),
    Column("outcome", "text", "outcome that feedback stated"),
    Column("quality", "float", "quality 0..1 that feedback stated"),
    Column("series", "text", "`other`, of a series over its hour's cap"),
    Column("uncounted", "flag", "whether no rollout counts it"),
    Column("totalled", "flag", "whether its run's totals hold it"),
    Column("feedback", "json", "what was said of it, by source"),
    Column("timely", "json", "what of that came in its rollout's time"),
    _REST,
)
COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    "observations": OBSERVATIONS,
    "rewards": REWARD_COLUMNS,
}
