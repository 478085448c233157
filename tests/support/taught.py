"""Agents that heuristics are trained for: their configuration, observations and labels."""

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.govern.config import ConfigReader
from ratchet.govern.config_change import set_config
from ratchet.kernel.clock import ManualClock
from ratchet.labels.heuristics.settings import HeuristicSettings
from ratchet.labels.heuristics.train import Trained, train
from ratchet.labels.label import Label
from ratchet.labels.write import write_labels
from ratchet.observe.observation import COLLECTION
from ratchet.store.port import Ref, Store
from tests.support.governed import ADA, KEYS, NOON, POLICY, SECOND

AGENT = "critic"
FEATURES: dict[str, Any] = {
    "urgent": {"kind": "boolean", "at": "meta.urgent"},
    "size": {"kind": "numeric", "at": "meta.size"},
}
CONFIG: dict[str, Any] = {"policy": POLICY, "features": FEATURES, "model": "logistic"}


def configure(store: Store, agents: Mapping[str, Any]) -> ConfigReader:
    """Let a person configure what is trained; returns a reader of it."""
    data = {"v": 1, "agents": dict(agents)}
    set_config(store, KEYS, ADA, HeuristicSettings, data, reason="test", now=NOON)
    return ConfigReader(store, ManualClock(NOON))


def observed(store: Store, agent: str, metas: Sequence[Mapping[str, Any]]) -> list[str]:
    """Store observations of an agent in one batch; returns their ids."""
    items = [{"component": agent, "outcome": "success", "meta": dict(meta)} for meta in metas]
    store.set(Ref(COLLECTION, f"of-{agent.replace(':', '-')}"), {"v": 1, "items": items})
    return [f"of-{agent.replace(':', '-')}.{i}" for i in range(len(metas))]


def label(agent: str, subject: str, said: str, value: float | None = None, **fields: Any) -> Label:
    """Return a reviewer's label of an observation."""
    given: dict[str, Any] = {
        "agent": agent,
        "subject": subject,
        "label": said,
        "value": value,
        "source": "review",
        "source_id": f"{agent}-{subject}",
        "labeller": "ada",
        "ts": NOON - SECOND,
        "loaded_at": NOON - SECOND,
    }
    return Label.parse(given | fields)


def put(store: Store, labels: Sequence[Label]) -> None:
    """Write labels."""
    store.transact(lambda tx: write_labels(tx, labels))


def taught(
    store: Store, n: int = 60, config: Mapping[str, Any] = CONFIG, agent: str = AGENT
) -> ConfigReader:
    """Label n observations: good where urgent, but one in ten; returns a reader."""
    metas = [{"urgent": i % 2 == 0, "size": i % 7} for i in range(n)]
    ids = observed(store, agent, metas)
    said = ["good" if (i % 2 == 0) != (i % 10 == 0) else "bad" for i in range(n)]
    put(store, [label(agent, one, word) for one, word in zip(ids, said, strict=True)])
    return configure(store, {agent: dict(config)})


def trained(store: Store, agent: str = AGENT, **config: Any) -> Trained:
    """Train on what was taught."""
    return train(store, taught(store, config=CONFIG | config), agent, now=NOON)


def heuristic(**fields: Any) -> dict[str, Any]:
    """Return a classifier by hand: its logit is 2 x urgent - 1."""
    model = {"kind": "logistic", "intercept": -1.0, "coefficients": [0.0, 2.0]}
    return {
        "agent": AGENT,
        "features": FEATURES,
        "scorers": {"good": {"model": model, "slope": 1.0, "offset": 0.0}},
        "positive": "good",
        "negative": "bad",
    } | fields


def router(**fields: Any) -> dict[str, Any]:
    """Return a router by hand: `a` is worth sigmoid(0), `b` sigmoid(2 x urgent - 1)."""
    flat = {"kind": "logistic", "intercept": 0.0, "coefficients": [0.0, 0.0]}
    model = {"kind": "logistic", "intercept": -1.0, "coefficients": [0.0, 2.0]}
    scorers = {n: {"model": m, "slope": 1.0, "offset": 0.0} for n, m in (("a", flat), ("b", model))}
    return heuristic() | {"scorers": scorers, "arms": {"a": 0.1, "b": 0.5}} | fields
