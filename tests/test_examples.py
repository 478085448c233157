"""The examples run as a user would run them, against a store beside the component."""

from collections import Counter
from pathlib import Path
from typing import Any

from examples import autoscaler, canary_manager, router, triage
from ratchet.client.direct import DirectTransport
from ratchet.entry.seed import seed
from ratchet.entry.ticks import SCHEDULES
from ratchet.entry.wiring import App, wire
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import system_clock
from ratchet.kernel.keys import derive_keys
from ratchet.labels.heuristics.draft import draft_heuristic
from ratchet.labels.heuristics.train import train
from ratchet.observe.browse import Wanted, browse
from ratchet.policies.activate import activate
from ratchet.store.sqlite import SqliteStore
from tests.support import taught
from tests.support.governed import ADA, NOON

KEYS = derive_keys("a key for the examples, no secret")


def _app(tmp_path: Path) -> App:
    app = wire(SqliteStore(str(tmp_path / "store.db")), KEYS)
    seed(app, now=system_clock())
    return app


def _observed(app: App) -> list[dict[str, Any]]:
    reader = ConfigReader(app.store, app.clock)
    return list(browse(app.store, reader, Wanted(), limit=10_000))


def test_the_router_records_every_request_under_the_version_it_was_given(tmp_path: Path) -> None:
    app = _app(tmp_path)
    served = router.serve(DirectTransport(app.store, KEYS), 300)
    observed = _observed(app)
    assert Counter(o["component"] for o in observed) == {
        f"router:{m}": n for m, n in served.items()
    }
    assert {o["policyVersion"] for o in observed} == {"router-core@1.0.0"}
    assert all(("propensity" in o) != ("fallbackFrom" in o) for o in observed)
    assert "user-1" not in {o["unit"] for o in observed}
    app.store.close()


def test_the_router_falls_back_while_a_model_is_rate_limited(tmp_path: Path) -> None:
    app = _app(tmp_path)
    router.serve(DirectTransport(app.store, KEYS), 300)
    limited = [o for o in _observed(app) if o.get("errorCode") == "rate_limit"]
    fallbacks = [o for o in _observed(app) if o.get("fallbackFrom") == "claude"]
    assert limited
    assert fallbacks
    assert all(o["arm"] != "claude" for o in fallbacks)
    app.store.close()


def test_the_canary_manager_records_both_arms_with_their_propensities(tmp_path: Path) -> None:
    app = _app(tmp_path)
    canaries = canary_manager.release(DirectTransport(app.store, KEYS), 500)
    observed = _observed(app)
    assert len(observed) == 500
    assert Counter(o["propensity"] for o in observed) == {0.1: canaries, 0.9: 500 - canaries}
    app.store.close()


def test_the_autoscalers_decisions_are_graded_later(tmp_path: Path) -> None:
    import datetime as dt

    from ratchet.kernel.clock import ManualClock

    store = SqliteStore(str(tmp_path / "store.db"))
    clock = ManualClock(dt.datetime(2026, 1, 1, 1, tzinfo=dt.UTC))
    app = wire(store, KEYS, clock)
    seed(app, now=clock())
    transport = DirectTransport(store, KEYS, clock)
    assert autoscaler.scale(transport, [150.0, 900.0, 2500.0], "scale-1") == [2, 9, 25]
    autoscaler.grade(transport, "scale-1", [0.6, 0.9, 0.3])
    clock.advance(dt.timedelta(minutes=1))
    SCHEDULES["score_observations"].run(app, clock())
    scores = {o["id"]: o["reward"] for o in _observed(app)}
    # baseline 0.25 + 0.6 x grade - 0.2 x cost / 0.10; a failure takes 0.6 and is clamped at 0.
    assert scores["scale-1.0"]["feedback"]["utilisation"]["grade"] == 1.0
    assert {k: scores["scale-1.0"][k] for k in ("score", "details")} == {
        "score": 0.842,
        "details": {
            "successBoost": 0.6,
            "latencyPenalty": 0.0,
            "costPenalty": 0.008,
            "errorPenalty": 0.0,
        },
    }
    assert scores["scale-1.1"]["score"] == 0.514
    assert scores["scale-1.2"]["score"] == 0.0
    app.store.close()


def test_the_triage_decides_by_what_labels_taught_and_records_with_propensities(
    tmp_path: Path,
) -> None:
    app = _app(tmp_path)
    texts = ["reset my password please", "I want my money back now"]
    tickets = [{"text": texts[i % 2], "vip": i % 3 == 0, "customer": f"c{i}"} for i in range(60)]
    ids = taught.observed(app.store, "triage", tickets)
    said = [("machine", "person")[i % 2] for i in range(60)]
    labels = [taught.label("triage", *pair) for pair in zip(ids, said, strict=True)]
    taught.put(app.store, labels)
    reader = taught.configure(app.store, {"triage": triage.CONFIG})
    found = train(app.store, reader, "triage", now=NOON)
    drafted = draft_heuristic(app.store, KEYS, found, now=NOON, actor=ADA, reason="first")
    number = drafted.version.partition("@")[2]
    activate(app.store, KEYS, ADA, "triage", number, now=NOON, reason="first")
    decisions = triage.triage(DirectTransport(app.store, KEYS), tickets[:40])
    observed = [o for o in _observed(app) if "policyVersion" in o]
    assert sorted(str(o["arm"]) for o in observed) == sorted(decisions)
    assert Counter(decisions[::2])["machine"] >= 16  # but for what explores
    assert Counter(decisions[1::2])["person"] >= 16
    assert {o["propensity"] for o in observed} <= {0.975, 0.025}
    app.store.close()
