"""The scheduled verbs: their order and periods, when each is due, and that twice does no harm."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ratchet.entry import ticks
from ratchet.entry.seed import seed
from ratchet.entry.ticks import SCHEDULES, Schedule, next_due, run_due, run_verb
from ratchet.entry.wiring import App, wire
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidInput, Unavailable
from ratchet.observe import score
from ratchet.observe.read_until import read_until
from ratchet.observe.record import record
from ratchet.observe.rollout_buckets import rollout_buckets
from ratchet.observe.settings import Ingest
from ratchet.store.port import Query, Ref, Store
from tests.support.edits import console_of
from tests.support.faults import FaultyStore
from tests.support.governed import KEYS as GOVERNED
from tests.support.observing import KEYS, LATER, NOON, SECOND, alerts, observation
from tests.support.on_road import ask_for, start_canary
from tests.support.recount import check
from tests.support.rollout_recount import met, served, start

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAMES = list(SCHEDULES)
LONG = ["collect_examples", "build_datasets", "retain_observations", "sweep_blobs"]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def app(embedded: Store, clock: ManualClock) -> App:
    app = wire(embedded, KEYS, clock)
    seed(app, now=NOON)
    return app


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put verbs that only say their name in place of the scheduled ones."""
    names: list[str] = []

    def verb(name: str, schedule: Schedule) -> Schedule:
        def run(*_: Any) -> dict[str, Any]:
            names.append(name)
            return {}

        return replace(schedule, run=run)

    spies = {name: verb(name, s) for name, s in SCHEDULES.items()}
    monkeypatch.setattr(ticks, "SCHEDULES", spies)
    return names


def send(app: App, document_id: str, n: int = 20) -> None:
    """Record a batch that arrives now."""
    items = [observation(app.clock(), durationMs=100.0 + i) for i in range(n)]
    payload = {"id": document_id, "observations": items}
    record(app.store, app.keys, payload, ingest=app.reader.read(Ingest), now=app.clock())


def everything(store: Store) -> dict[Ref, Any]:
    """Return what ticks write."""
    names = ["ops_rewards", "ops_buckets", "ops_stats", "ops_checkpoints", "ops_policies"]
    names += ["ops_policy_heads", "ops_audit", "ops_alerts"]
    return {s.ref: s.data for name in names for s in store.query(Query(name))}


def test_what_a_verb_reads_is_written_before_it_in_the_same_tick() -> None:
    assert {name: s.every for name, s in SCHEDULES.items()} == {
        "score_observations": MINUTE,
        "roll_stats": 5 * MINUTE,
        "roll_long_windows": HOUR,
        "evaluate_rollouts": HOUR,
        "auto_tune_policies": HOUR,
        "compare_fleet": DAY,
        "refresh_cards": MINUTE,
        "run_studies": HOUR,
        "load_labels": DAY,
        "weigh_judges": DAY,
        "fill_review_queue": DAY,
        "collect_examples": HOUR,
        "build_datasets": DAY,
        "report_datasets": 6 * HOUR,
        "retain_observations": DAY,
        "sweep_blobs": 7 * DAY,
        "sweep": DAY,
        "verify_audit": DAY,
        "watch_alerts": 5 * MINUTE,
        "deliver_alerts": MINUTE,
    }
    assert NAMES[:5] == [
        "score_observations",
        "roll_stats",
        "roll_long_windows",
        "evaluate_rollouts",
        "auto_tune_policies",
    ]


def test_each_verb_runs_in_the_first_tick_of_each_of_its_periods(
    app: App, called: list[str]
) -> None:
    run_due(app, now=NOON)
    assert called == NAMES
    for minutes in (1, 5, 6, 60):
        wanted = [n for n in NAMES if minutes * MINUTE % SCHEDULES[n].every == timedelta(0)]
        called.clear()
        assert list(run_due(app, now=NOON + minutes * MINUTE)) == called == wanted, minutes
    called.clear()
    run_due(app, now=NOON + 7 * DAY)
    assert called == NAMES


def test_long_verbs_and_the_others_run_apart_where_they_are_asked_for_apart(
    app: App, called: list[str]
) -> None:
    run_due(app, now=NOON, long=False)
    others = list(called)
    run_due(app, now=NOON, long=True)
    assert called == [*others, *LONG]
    assert set(others) == set(NAMES) - set(LONG)
    assert run_due(app, now=NOON) == {}


def test_labels_judges_and_the_review_queue_have_their_hours_of_the_night(
    app: App, called: list[str]
) -> None:
    midnight = NOON + 12 * HOUR
    run_due(app, now=midnight)
    nightly: dict[int, list[str]] = {}
    for hour in range(1, 25):
        called.clear()
        run_due(app, now=midnight + hour * HOUR)
        nightly[hour] = [name for name in called if SCHEDULES[name].every == DAY]
    assert {hour: names for hour, names in nightly.items() if names} == {
        1: ["compare_fleet"],
        2: ["load_labels", "build_datasets"],
        3: ["weigh_judges"],
        4: ["fill_review_queue"],
        5: ["retain_observations"],
        24: ["sweep", "verify_audit"],
    }


def test_a_tick_within_a_period_does_nothing(app: App, called: list[str]) -> None:
    run_due(app, now=NOON)
    called.clear()
    before = everything(app.store)
    assert run_due(app, now=NOON + 59 * SECOND) == {}
    assert next_due(NOON + 59 * SECOND) == ("score_observations", NOON + MINUTE)
    assert (called, everything(app.store)) == ([], before)


def test_a_machine_that_slept_catches_up_in_one_tick(app: App, called: list[str]) -> None:
    run_due(app, now=NOON)
    called.clear()
    assert list(run_due(app, now=NOON + 3 * DAY)) == called == NAMES


def test_a_clock_that_was_set_back_does_not_stop_the_ticks(app: App, called: list[str]) -> None:
    run_due(app, now=NOON)
    called.clear()
    run_due(app, now=NOON - 2 * MINUTE)
    run_due(app, now=NOON - MINUTE)
    assert called.count("score_observations") == 2


def spoil(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Let one verb fail."""

    def fail(*_: Any) -> dict[str, Any]:
        raise error

    spoilt = {**ticks.SCHEDULES, name: Schedule(SCHEDULES[name].every, fail)}
    monkeypatch.setattr(ticks, "SCHEDULES", spoilt)


def told(app: App) -> list[tuple[str, int, str]]:
    """Return the subject, count and command of each alert."""
    found = [s.data for s in app.store.query(Query("ops_alerts"))]
    assert {a["what"] for a in found} <= {"tick-failed"}
    return [(a["subject"], a["count"], a["command"]) for a in found]


def test_a_verb_that_failed_stops_no_other_and_alone_is_due_again(
    app: App, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch, "roll_stats", Unavailable("the store is away", mend="wait"))
        reports = run_due(app, now=NOON)
        assert list(reports) == NAMES
        assert reports["roll_stats"] == {
            "error": {"code": "RATCHET-5001", "message": "the store is away", "mend": "wait"}
        }
        assert called == [name for name in NAMES if name != "roll_stats"]
        assert list(run_due(app, now=NOON + SECOND)) == ["roll_stats"]
    called.clear()
    assert list(run_due(app, now=NOON + 2 * SECOND)) == called == ["roll_stats"]
    assert run_due(app, now=NOON + 3 * SECOND) == {}


def test_a_failure_is_an_alert_that_counts_while_it_lasts(
    app: App, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch, "sweep", InvalidInput("no good", field="x"))
        for i in range(3):
            run_due(app, now=NOON + i * SECOND)
    assert told(app) == [("sweep", 3, "ratchet tick --only sweep")]
    run_due(app, now=NOON + 3 * SECOND)
    assert told(app) == [("sweep", 3, "ratchet tick --only sweep")]


@pytest.mark.parametrize("name", ["score_observations", "roll_stats", "sweep"])
def test_a_verb_that_succeeds_again_ends_its_alert(
    app: App, called: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run_due(app, now=NOON - MINUTE)
    with monkeypatch.context() as patch:
        spoil(patch, name, Unavailable("away"))
        run_due(app, now=NOON + DAY)
    run_due(app, now=NOON + DAY + MINUTE)
    (found,) = [s.data for s in app.store.query(Query("ops_alerts"))]
    assert (found["subject"], found["state"]) == (name, "resolved")
    assert found["resolved"]["note"] == "it succeeded"


def test_a_verb_that_cloud_scheduler_calls_ends_its_alert(
    app: App, called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch, "sweep", Unavailable("away"))
        with pytest.raises(Unavailable):
            run_verb(app, "sweep", now=NOON)
    run_verb(app, "sweep", now=NOON + MINUTE)
    assert [s.data["state"] for s in app.store.query(Query("ops_alerts"))] == ["resolved"]


def test_a_verb_of_every_minute_that_missed_none_asks_for_no_alert(
    app: App, called: list[str]
) -> None:
    run_due(app, now=NOON)
    counting = FaultyStore(app.store)
    rival = wire(counting, app.keys, app.clock)
    each_minute = [name for name, s in SCHEDULES.items() if s.every == MINUTE]
    assert list(run_due(rival, now=NOON + MINUTE)) == each_minute
    assert counting.log == ["get", "get_many", "commit"]


def test_an_unexpected_failure_is_logged_and_stops_no_other(
    app: App, called: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(monkeypatch, "score_observations", ZeroDivisionError("oh"))
    reports = run_due(app, now=NOON)
    assert called == NAMES[1:]
    assert reports["score_observations"]["error"] == {
        "code": "RATCHET-0000",
        "message": "score_observations stopped at an unexpected ZeroDivisionError",
        "mend": "see the traceback, and report it",
    }
    assert "ZeroDivisionError" in caplog.text
    assert [subject for subject, _, _ in told(app)] == ["score_observations"]


@pytest.mark.parametrize("error", [Unavailable("away"), ZeroDivisionError("oh")])
def test_a_failure_that_no_alert_can_tell_of_stops_no_other(
    app: App,
    called: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def away(*_: Any) -> None:
        raise error

    spoil(monkeypatch, "score_observations", Unavailable("away"))
    monkeypatch.setattr(ticks, "raise_alert", away)
    assert run_due(app, now=NOON)["score_observations"]["error"]["message"] == "away"
    assert called == NAMES[1:]
    assert ("ZeroDivisionError" in caplog.text) == isinstance(error, ZeroDivisionError)


def test_a_tick_in_which_all_fails_marks_nothing_as_done(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        spoil(monkeypatch, name, Unavailable("away"))
    before = app.store.get(ticks.TICKS)
    assert all("error" in report for report in run_due(app, now=NOON).values())
    assert app.store.get(ticks.TICKS) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_verb_that_is_delivered_twice_does_nothing_twice(
    app: App, clock: ManualClock, name: str
) -> None:
    for hour in range(3):
        send(app, f"b{hour}")
        now = clock.advance(LATER if hour == 2 else HOUR)
        for before in NAMES[: NAMES.index(name) + 1]:
            SCHEDULES[before].run(app, now)
    once = everything(app.store)
    SCHEDULES[name].run(app, clock())
    assert everything(app.store) == once
    check(app.store)


def test_two_machines_in_one_tick_do_the_work_of_one(app: App, clock: ManualClock) -> None:
    send(app, "b1")
    now = clock.advance(LATER)
    rival = wire(app.store, app.keys, clock)
    first, second = run_due(app, now=now), run_due(rival, now=now)
    assert first["score_observations"]["scored"] == 20
    assert second == {}
    check(app.store)


def test_a_whole_day_of_ticks_scores_all_and_tells_of_nothing(app: App, clock: ManualClock) -> None:
    scored = 0
    for hour in range(24):
        send(app, f"h{hour}", 5)
        for _ in range(4):
            reports = run_due(app, now=clock.advance(15 * MINUTE))
            scored += reports["score_observations"]["scored"]
    assert scored == 120
    check(app.store)
    assert alerts(app.store) == []


def test_the_daily_verification_raises_an_alert_on_a_broken_chain(
    app: App, clock: ManualClock
) -> None:
    assert run_due(app, now=NOON)["verify_audit"]["streams"][0]["valid"]
    app.store.delete(Ref("ops_audit", "config~000000002"))
    reports = run_due(app, now=clock.advance(DAY))
    broken = [s["entry"] for s in reports["verify_audit"]["streams"] if not s["valid"]]
    assert broken == ["config~000000002"]
    assert alerts(app.store) == ["audit-broken"]


def test_the_daily_verification_raises_an_alert_on_a_spoilt_version(
    app: App, clock: ManualClock
) -> None:
    sound = run_due(app, now=NOON)["verify_audit"]["versions"]
    assert [(r["version"], r["valid"]) for r in sound] == [("router-core@1.0.0", True)]
    app.store.delete(Ref("ops_policies", "router-core@1.0.0"))
    report = run_due(app, now=clock.advance(DAY))["verify_audit"]
    assert [s["valid"] for s in report["streams"]] == [True, True]
    assert [(r["version"], r["valid"]) for r in report["versions"]] == [
        ("router-core@1.0.0", False)
    ]
    assert "version-spoilt" in alerts(app.store)


def test_the_ticks_turn_on_both_stores(store: Store) -> None:
    clock = ManualClock(NOON)
    app = wire(store, KEYS, clock)
    seed(app, now=NOON)
    send(app, "b1")
    reports = run_due(app, now=clock.advance(LATER))
    assert list(reports) == NAMES
    assert (reports["score_observations"]["scored"], reports["sweep"]["missing"]) == (20, 0)
    assert run_due(app, now=clock()) == {}
    check(store)


def test_ticks_freeze_and_merge_the_buckets_of_a_rollout(app: App, clock: ManualClock) -> None:
    known = start(app.store)
    payload = {"id": "b1", "observations": [met(NOON), served(NOON)]}
    record(app.store, app.keys, payload, ingest=app.reader.read(Ingest), now=NOON)
    for _ in range(3):
        clock.advance(HOUR)
        run_due(app, now=clock())
    assert read_until(app.store) == NOON + 3 * HOUR - app.reader.read(Ingest).lag
    (bucket,) = rollout_buckets(app.store, "r1", known, read_until(app.store))
    assert (bucket.level, bucket.hour) == ("hour", NOON)
    assert (bucket.sums.exposures.total(), bucket.sums.success.total()) == (1, 1)


def test_the_hourly_look_judges_what_runs_and_closes_what_nobody_answered(embedded: Store) -> None:
    console_of(embedded)
    asked, rollout = ask_for(embedded), start_canary(embedded)
    now = rollout.started_at + 4 * DAY
    app = wire(embedded, GOVERNED, ManualClock(now))
    report = SCHEDULES["evaluate_rollouts"].run(app, now)
    assert [(r["rollout"], r["decision"]) for r in report["rollouts"]] == [(rollout.id, "HOLD")]
    assert report["approvals"] == [{"id": asked.id, "state": "expired"}]
    again = SCHEDULES["evaluate_rollouts"].run(app, now)
    assert again["rollouts"] == report["rollouts"]
    assert again["approvals"] == []


def test_a_tick_that_was_not_finished_freezes_nothing(
    app: App, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(app.store)
    payload = {"id": "b1", "observations": [served(NOON)]}
    record(app.store, app.keys, payload, ingest=app.reader.read(Ingest), now=NOON)
    clock.advance(MINUTE)
    run_due(app, now=clock())
    before = read_until(app.store)
    send(app, "b2")
    clock.advance(MINUTE)
    monkeypatch.setattr(score, "SHARE_OF_DEADLINE", 0.0)
    report = run_due(app, now=clock())["score_observations"]
    assert not report["finished"]
    assert read_until(app.store) == before
