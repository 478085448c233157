"""The clock, against Google's and against what is stored."""

from datetime import timedelta

import pytest

from ratchet.entry.doctor import clock
from ratchet.entry.doctor.case import Case
from ratchet.observe.settings import SHARDS_EVER
from ratchet.store.port import Ref, Store
from tests.support.examined import CLOUD, DATABASE, case, found, google
from tests.support.google import NOON, FakeSession

AT_NOON = "Thu, 01 Jan 2026 12:00:00 GMT"
SECOND = timedelta(seconds=1)


def severity(about: Case) -> str:
    ((told, _, _),) = found("clock", about)
    return told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "ok"),
        (0.9, "ok"),  # the header has whole seconds
        (-5, "ok"),
        (6, "ok"),
        (-5.5, "warning"),
        (6.5, "warning"),
        (-60, "warning"),
        (61, "warning"),
        (-60.5, "error"),
        (61.5, "error"),
    ],
)
def test_googles_clock_is_compared(seconds: float, told: str) -> None:
    session = FakeSession({DATABASE: {}}, date=AT_NOON)
    now = NOON + seconds * SECOND
    assert severity(case(url=CLOUD, now=now, side=google(session=session))) == told


def test_an_answer_that_is_a_refusal_has_a_date_too() -> None:
    for status in (403, 404):
        side = google(session=FakeSession({DATABASE: status}, date=AT_NOON))
        assert severity(case(url=CLOUD, side=side)) == "ok"
        assert severity(case(url=CLOUD, now=NOON + 90 * SECOND, side=side)) == "error"


def test_a_slow_answer_is_no_difference() -> None:
    ticks = iter([NOON - 100 * SECOND, NOON + 100 * SECOND])
    session = FakeSession({DATABASE: {}}, date=AT_NOON)
    about = Case(CLOUD, SHUT, lambda: next(ticks), google(session=session))
    assert severity(about) == "ok"


SHUT = case().opened


def arrive(store: Store, at: float, shard: int = 0) -> None:
    """Store an observation that arrived some seconds after noon."""
    data = {"shard": shard, "ingestedAt": NOON + at * SECOND}
    store.set(Ref("ops_observations", f"o{shard}{at}"), data)


@pytest.fixture
def sharded(store: Store) -> Store:
    store.set(SHARDS_EVER, {"v": 1, "count": 2})
    return store


@pytest.mark.parametrize(
    ("arrivals", "told"),
    [
        ((), "ok"),
        ((-1000, 0, 5), "ok"),
        ((-1000, 6), "warning"),
        ((60,), "warning"),
        ((6, 61), "error"),
    ],
)
@pytest.mark.parametrize("shard", [0, 1])
def test_an_observation_that_arrived_in_the_future_is_found(
    sharded: Store, arrivals: tuple[float, ...], told: str, shard: int
) -> None:
    for at in arrivals:
        arrive(sharded, at, shard)
    assert severity(case(sharded)) == told


@pytest.mark.parametrize(("at", "told"), [(-900, "ok"), (6, "warning"), (61, "error")])
def test_a_tick_in_the_future_is_found(store: Store, at: float, told: str) -> None:
    last = {"score_observations": NOON - SECOND, "sweep": NOON + at * SECOND}
    store.set(Ref("ops_checkpoints", "ticks"), {"v": 1, "at": last})
    assert severity(case(store)) == told


def test_the_mend_is_to_set_the_clock(embedded: Store) -> None:
    embedded.set(Ref("ops_checkpoints", "ticks"), {"at": {"sweep": NOON + 90 * SECOND}})
    ((_, text, mend),) = found("clock", case(embedded))
    assert "90 s" in text
    assert mend == clock.MEND
