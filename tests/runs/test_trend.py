"""The trend as a document: its days, what each keeps, and that it stays under Firestore's limit."""

from datetime import UTC, datetime, timedelta

from ratchet.kernel.clock import DAY
from ratchet.runs.trend import (
    DAY_NAMES,
    DAY_VERSIONS,
    TREND_DAYS,
    RunDay,
    RunTrend,
    days_of,
    first_day,
)
from ratchet.stats.bucket import OTHER
from ratchet.stats.run_sums import TERMS, ModelSums, RunBucket, RunSums
from ratchet.store.limits import MAX_DOCUMENT, check_document
from tests.support.run_days import COMPONENT, NOON, TODAY, moments, runs


def bucket(sums: RunSums, version: str = "p@1.0.0", back: int = 0) -> RunBucket:
    day = TODAY - back * DAY
    return RunBucket(
        component=COMPONENT,
        version=version,
        day=day,
        shard=0,
        sums=sums,
        updated_at=NOON,
        expire_at=NOON,
    )


def whole(*buckets: RunBucket) -> RunTrend:
    days = tuple(days_of(buckets).values())
    return RunTrend(component=COMPONENT, days=days, updated_at=NOON)


def test_a_day_adds_its_versions_up_and_keeps_the_loss_of_each() -> None:
    trend = whole(
        bucket(runs(0.2, 0.4), "p@1.0.1"),
        bucket(runs(0.6), "p@1.0.0"),
        bucket(runs(0.8), "p@1.0.0", back=1),
        bucket(runs(), "p@1.0.2", back=2),
    )
    assert [day.day for day in trend.days] == [TODAY - DAY, TODAY]
    assert trend.sums_by_day[TODAY] == runs(0.2, 0.4, 0.6)
    assert trend.loss_by_day("p@1.0.0") == {TODAY: moments([0.6]), TODAY - DAY: moments([0.8])}
    assert (trend.versions, trend.newest_version) == (["p@1.0.0", "p@1.0.1"], "p@1.0.1")
    assert trend.since(TODAY).versions == ["p@1.0.0", "p@1.0.1"]
    assert trend.since(TODAY + DAY).newest_version is None


def test_what_is_seldom_counts_as_other_and_is_never_a_version() -> None:
    errors = {f"e{i:02}": i + 1 for i in range(30)}
    (day,) = days_of(
        bucket(runs(*[0.5] * (n + 1), errors=errors if n == 0 else {}), f"p@1.0.{n}")
        for n in range(12)
    ).values()
    assert len(day.versions) == DAY_VERSIONS + 1
    assert day.versions[OTHER].runs == 1 + 2  # 1.0.0 and 1.0.1
    assert sum(version.runs for version in day.versions.values()) == day.sums.runs == 78
    assert len(day.sums.errors) == DAY_NAMES
    assert sum(day.sums.errors.values()) == 465
    assert day.sums.errors["e29"] == 30
    assert OTHER not in RunTrend(component=COMPONENT, days=(day,), updated_at=NOON).versions


def test_a_patch_takes_the_place_of_a_day_and_old_days_leave() -> None:
    trend = whole(*(bucket(runs(0.5), back=back) for back in (TREND_DAYS - 1, 1, 0)))
    (newer,) = days_of([bucket(runs(0.1, 0.1))]).values()
    patched = trend.patched({TODAY: newer, TODAY - DAY: None}, NOON)
    assert [day.day for day in patched.days] == [first_day(NOON), TODAY]
    assert patched.days[-1] == newer
    later = patched.patched({}, NOON + DAY)
    assert [day.day for day in later.days] == [TODAY]
    assert later.updated_at == NOON + DAY
    assert later.patched({}, NOON).updated_at == NOON + DAY


def longest(kind: str, letter: str, count: int = 40) -> list[str]:
    """Return names as long as one may be: 120 letters, and a code has 64 that take 4 bytes each."""
    wide = ("\N{GRINNING FACE}", 64) if kind == "code" else (letter, 120)
    return [f"{i:02}" + wide[0] * (wide[1] - 2) for i in range(count)]


def worst_day() -> RunDay:
    wide = moments([10_000_000.0, 1.0], "cost")  # sums beyond 64 bits are stored as text
    models = {name: ModelSums(reward=wide, loss=wide) for name in longest("model", "m")}
    sums = RunSums(
        runs=2,
        loss=wide,
        terms=dict.fromkeys(TERMS, wide),
        reward=wide,
        cost=wide,
        duration=wide,
        models=models,
        outcomes={"success": 1, "failure": 1, "timeout": 1},
        errors=dict.fromkeys(longest("code", ""), 10**9),
        gates=dict.fromkeys(longest("gate", "g"), 10**9),
        gates_seen=2,
    )
    (day,) = days_of(bucket(sums, version) for version in longest("version", "v")).values()
    return day


def test_the_worst_trend_there_can_be_fits_into_one_document() -> None:
    day = worst_day()
    days = tuple(day.model_copy(update={"day": TODAY - i * DAY}) for i in range(TREND_DAYS + 1))
    trend = RunTrend(component="c" * 120, days=days, updated_at=NOON)
    size = check_document(RunTrend.collection, trend.key(), trend.to_map())
    assert MAX_DOCUMENT / 2 < size < MAX_DOCUMENT


def test_sixty_two_days_are_the_present_one_and_those_before() -> None:
    late = TODAY + timedelta(hours=23)
    assert first_day(TODAY) == first_day(late) == datetime(2025, 12, 30, tzinfo=UTC)
