"""Assignment: uniform, independent between rollouts, the same everywhere, and only growing."""

import hashlib
import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.kernel.clock import millis
from ratchet.observe import watch
from ratchet.observe.exposure import Exposure
from ratchet.observe.observation import Observation, check_item
from ratchet.rollouts.assign import (
    CONTROL,
    Allocation,
    Mode,
    Slot,
    control_share,
    is_unit,
    point,
    starts,
)
from ratchet.stats.bins import bin_of
from tests.support.governed import NOON

MILLION = 1_000_000
SHARES = {"a": 0.05, "b": 0.1, "c": 0.2, "d": 0.25}


def allocation(
    shares: dict[str, float],
    *,
    greatest: dict[str, float] | None = None,
    salt: str = "salt",
    mode: Mode = "canary",
    step: int = 0,
) -> Allocation:
    begin = starts(greatest or shares)
    slots = tuple(Slot(arm, f"p@1.0.{arm}", begin[arm], share) for arm, share in shares.items())
    return Allocation("r1", step, salt, mode, "p@1.0.0", slots)


def points(salt: str, units: Iterable[str]) -> Any:
    return np.fromiter((point(salt, unit) for unit in units), float)


def similar() -> Iterable[str]:
    return (f"user-{i}" for i in range(MILLION))


def uuids() -> Iterable[str]:
    rng = random.Random(7)
    return (f"{rng.getrandbits(128):032x}" for _ in range(MILLION))


@pytest.fixture(scope="module")
def million() -> Any:
    """The points of a million units with one salt, and with another."""
    return points("one salt", similar()), points("another salt", similar())


def arms_at(where: Any, shares: dict[str, float]) -> Any:
    """Return the number of each point's arm; what is behind the last range is the control."""
    return np.searchsorted(np.cumsum(list(shares.values())), where, side="right")


def chi_square(seen: Any, expected: Any) -> float:
    return float(((seen - expected) ** 2 / expected).sum())


# Critical values of chi-square at 0.001, from the NIST Engineering Statistics Handbook, 1.3.6.7.4.
CRITICAL = {4: 18.467, 16: 39.252, 99: 148.230}


def assert_uniform(where: Any) -> None:
    """Hold a million points against an even spread, and against the shares of the arms."""
    cells = np.bincount((where * 100).astype(int), minlength=100)
    assert chi_square(cells, MILLION / 100) < CRITICAL[99]
    seen = np.bincount(arms_at(where, SHARES), minlength=5)
    assert chi_square(seen, MILLION * np.array([*SHARES.values(), 0.4])) < CRITICAL[4]


@pytest.mark.slow
def test_a_million_similar_units_are_uniform(million: Any) -> None:
    for where in million:
        assert_uniform(where)


@pytest.mark.slow
def test_a_million_random_units_are_uniform() -> None:
    assert_uniform(points("one salt", uuids()))


def test_units_are_uniform_within_each_arms_share(million: Any) -> None:
    where, begin = million[0], 0.0
    for share in SHARES.values():
        inside = where[(where >= begin) & (where < begin + share)]
        cells = np.bincount(((inside - begin) / share * 100).astype(int), minlength=100)
        assert chi_square(cells, len(inside) / 100) < CRITICAL[99]
        begin += share


def test_two_rollouts_assign_a_million_units_independently(million: Any) -> None:
    one, other = (arms_at(where, SHARES) for where in million)
    table = np.bincount(one * 5 + other, minlength=25).reshape(5, 5)
    expected = np.outer(table.sum(1), table.sum(0)) / MILLION
    assert chi_square(table, expected) < CRITICAL[16]


def test_the_same_salt_would_not_be_independent(million: Any) -> None:
    arms = arms_at(million[0], SHARES)
    table = np.bincount(arms * 5 + arms, minlength=25).reshape(5, 5)
    expected = np.outer(table.sum(1), table.sum(0)) / MILLION
    assert chi_square(table, expected) > 1000 * CRITICAL[16]


def test_the_bins_of_units_are_independent_of_their_arms() -> None:
    units = [f"user-{i}" for i in range(100_000)]
    arms = arms_at(points("one salt", units), SHARES)
    half = np.fromiter((bin_of(unit) for unit in units), int) // 64
    table = np.bincount(half * 5 + arms, minlength=20).reshape(4, 5)
    expected = np.outer(table.sum(1), table.sum(0)) / len(units)
    assert chi_square(table, expected) < 32.909  # 12 degrees of freedom, p = 0.001


def test_a_units_arm_is_the_one_whose_range_holds_its_point() -> None:
    it = allocation(SHARES)
    units = [f"user-{i}" for i in range(20_000)]
    names = [*SHARES, CONTROL]
    wanted = [names[i] for i in arms_at(points("salt", units), SHARES)]
    assert [it.assign(unit).arm for unit in units] == wanted


def test_assignments_are_those_of_every_release() -> None:
    """Were one of these to change, running rollouts would mix their units."""
    digest = hashlib.blake2b(b"salt\nuser-1", digest_size=8).hexdigest()
    assert digest == "dd62496282f2d526"
    assert point("salt", "user-1") == int(digest, 16) // 2**11 / 2**53
    it = allocation({"a": 0.25, "b": 0.25}, salt="0123456789abcdef")
    assert "".join(it.assign(f"user-{i}").arm[0] for i in range(24)) == "caabcaacbccbacbcbccacbba"


shares = st.floats(0.001, 0.25)
raises = st.floats(0, 1)


@given(
    st.lists(st.tuples(shares, raises), min_size=1, max_size=4),
    st.lists(st.text(min_size=1), min_size=1, max_size=200),
    st.text(min_size=16, max_size=64),
)
def test_raising_a_share_takes_no_unit_out_of_a_challenger(
    challengers: list[tuple[float, float]], units: list[str], salt: str
) -> None:
    last = {f"c{i}": share for i, (share, _) in enumerate(challengers)}
    first = {
        arm: share * part for (arm, share), (_, part) in zip(last.items(), challengers, strict=True)
    }
    before = allocation(first, greatest=last, salt=salt)
    after = allocation(last, salt=salt, step=1)
    for unit in units:
        was, now = before.assign(unit).arm, after.assign(unit).arm
        assert was in (CONTROL, now)
        assert before.assign(unit).arm == was


def test_a_ramp_moves_only_units_of_the_control() -> None:
    steps = [0.05, 0.1, 0.3, 0.5]
    units = [f"user-{i}" for i in range(10_000)]
    ramp = [allocation({"a": s, "b": s}, greatest={"a": 0.5, "b": 0.5}) for s in steps]
    arms = [[it.assign(unit).arm for unit in units] for it in ramp]
    for before, after in pairwise(arms):
        moved = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
        assert moved == {(CONTROL, "a"), (CONTROL, "b")}


@pytest.mark.parametrize(
    "shares", [{"a": 1.0}, {"a": 0.1, "b": 0.2, "c": 0.7}, {"a": 0.7, "b": 0.1, "c": 0.2}]
)
def test_shares_of_one_leave_no_unit_to_the_control(shares: dict[str, float]) -> None:
    it = allocation(shares)
    assert it.shares()[CONTROL] == 0.0
    assert CONTROL not in {it.assign(f"user-{i}").arm for i in range(10_000)}
    last = it.slots[-1]
    assert last.holds(1 - 2**-53)


def test_the_propensity_is_the_share_and_the_controls_is_what_is_left() -> None:
    it = allocation({"a": 0.1, "b": 0.25})
    found = {it.assign(f"user-{i}").arm: it.assign(f"user-{i}") for i in range(200)}
    assert {arm: met.propensity for arm, met in found.items()} == pytest.approx(
        {"a": 0.1, "b": 0.25, CONTROL: 0.65}
    )
    assert {arm: met.version for arm, met in found.items()} == {
        "a": "p@1.0.a",
        "b": "p@1.0.b",
        CONTROL: "p@1.0.0",
    }
    assert it.shares() == pytest.approx({CONTROL: 0.65, "a": 0.1, "b": 0.25})
    assert list(it.shares()) == [CONTROL, "a", "b"]


def test_in_shadow_mode_all_meet_the_control_and_shares_say_who_runs_beside() -> None:
    slots = (Slot("a", "p@1.0.1", 0.0, 1.0), Slot("b", "p@1.0.2", 0.0, 0.3))
    it = Allocation("r1", 0, "salt", "shadow", "p@1.0.0", slots)
    met = [it.assign(f"user-{i}") for i in range(10_000)]
    assert {(m.arm, m.propensity, m.version) for m in met} == {(CONTROL, 1.0, "p@1.0.0")}
    beside = [tuple(s.arm for s in m.shadows) for m in met]
    assert set(beside) == {("a",), ("a", "b")}
    assert 0.28 < beside.count(("a", "b")) / len(met) < 0.32
    assert it.shares() == {CONTROL: 1.0, "a": 0.0, "b": 0.0}


def test_what_an_assignment_reports_is_taken_by_the_service() -> None:
    met = allocation({"a": 0.5}).assign("user-1")
    assert (met.arm, met.shadow, met.shadows) == (CONTROL, False, ())
    told = met.as_exposure()
    assert told == {
        "rolloutId": "r1",
        "step": 0,
        "rolloutArm": CONTROL,
        "unit": "user-1",
        "propensity": 0.5,
        "intendedVersion": "p@1.0.0",
    }
    assert Exposure.parse(told | {"ts": 0}).rollout_arm == CONTROL
    outcome = met.as_observation()
    assert outcome == {
        "rolloutId": "r1",
        "rolloutStep": 0,
        "rolloutArm": CONTROL,
        "intendedVersion": "p@1.0.0",
        "unit": "user-1",
    }
    seen = Observation.parse(outcome | {"ts": 0, "component": "c", "outcome": "success"})
    assert (seen.rollout_id, seen.intended_version) == ("r1", "p@1.0.0")


def test_a_pair_says_on_both_sides_that_it_is_one() -> None:
    slots = (Slot("a", "p@1.0.1", 0.0, 1.0),)
    met = Allocation("r1", 2, "salt", "shadow", "p@1.0.0", slots).assign("user-1")
    (shadow,) = met.shadows
    assert met.as_observation()["paired"] == ["a"]
    assert "shadow" not in met.as_observation()
    assert shadow.as_observation() == {
        "rolloutId": "r1",
        "rolloutStep": 2,
        "rolloutArm": "a",
        "intendedVersion": "p@1.0.1",
        "unit": "user-1",
        "shadow": True,
    }


def test_when_a_unit_met_its_arm_is_told_with_its_exposure_and_all_its_outcomes() -> None:
    slots = (Slot("a", "p@1.0.1", 0.0, 1.0),)
    noon = 1_767_268_800_000  # 2026-01-01T12:00:00Z
    for mode in get_args(Mode):
        met = Allocation("r1", 2, "salt", mode, "p@1.0.0", slots).assign("u", exposed_at=noon)
        assert met.as_exposure()["ts"] == noon
        assert {m.as_observation()["exposedAt"] for m in (met, *met.shadows)} == {noon}
        assert met == Allocation("r1", 2, "salt", mode, "p@1.0.0", slots).assign("u")


@pytest.mark.parametrize(
    ("unit", "taken"),
    [
        ("u", True),
        ("x" * 256, True),
        ("😀" * 256, True),
        ("a\nb\0", True),
        ("", False),
        ("x" * 257, False),
        ("\ud800", False),
        ("\ud83d\ude00", False),
        (7, False),
        (b"u", False),
        (["u"], False),
        (None, False),
    ],
)
def test_a_unit_takes_part_where_the_service_takes_it(unit: Any, taken: bool) -> None:
    assert is_unit(unit) is taken
    if unit is not None:
        sent = {"ts": millis(NOON), "component": "c", "outcome": "success", "unit": unit}
        assert isinstance(check_item(sent, 0, now=NOON), Observation) is taken


def test_any_text_is_a_point() -> None:
    for unit in ("", "\ud800", "ü", "a\nb", "x" * 10_000):
        assert 0 <= point("salt", unit) < 1


def test_what_rounding_leaves_is_no_control() -> None:
    assert control_share({f"c{i}": 0.1 for i in range(10)}) == 0.0
    assert control_share({"a": 0.9999}) == pytest.approx(0.0001)


def test_the_control_has_the_name_that_the_scorer_knows() -> None:
    assert CONTROL == watch.CONTROL
