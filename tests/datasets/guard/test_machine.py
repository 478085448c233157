"""The cap on machines' share: it holds exactly, and what goes is what is worth least."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.datasets.guard.machine import Weighed, cap_machine, is_machine, machine_share
from tests.support.curated import an_example


def rows(machines: int, people: int) -> list[Weighed]:
    """Return machines m0, m1, ... of rising composite, and people below them all."""
    written = [Weighed(f"m{i}", True, 50.0 + i) for i in range(machines)]
    return written + [Weighed(f"p{i}", False, float(i)) for i in range(people)]


@pytest.mark.parametrize(
    ("machines", "people", "cap", "stay"),
    [
        (5, 7, 0.3, 3),  # 3 of 10 are 0.3, though 0.3 * 7 / 0.7 is above 3 in binary
        (9, 1, 0.5, 1),
        (9, 9, 0.5, 9),
        (4, 2, 0.34, 1),  # 1 of 3 is 0.33, 2 of 4 would be 0.5
        (3, 97, 0.01, 0),  # one of 98 would be over a hundredth
        (3, 99, 0.01, 1),
        (6, 4, 0.0, 0),
        (6, 0, 0.0, 0),
        (6, 0, 0.99, 0),
        (6, 4, 1.0, 6),
        (6, 0, 1.0, 6),
        (0, 3, 0.0, 0),
    ],
)
def test_as_many_stay_as_the_cap_allows_and_they_are_the_best(
    machines: int, people: int, cap: float, stay: int
) -> None:
    gone = cap_machine(rows(machines, people), cap)
    assert gone == {f"m{i}" for i in range(machines - stay)}


def test_of_equals_the_smaller_id_stays() -> None:
    found = [Weighed("b", True, 5), Weighed("a", True, 5), Weighed("p", False, 1)]
    assert cap_machine(found, 0.5) == {"b"}


WEIGHED = st.lists(
    st.builds(Weighed, st.uuids().map(str), st.booleans(), st.integers(0, 9).map(float)),
    unique_by=lambda one: one.id,
    max_size=40,
)


@given(WEIGHED, st.integers(0, 100), st.randoms())
def test_the_cap_holds_in_any_order_and_one_more_would_be_over_it(
    candidates: list[Weighed], percent: int, random: object
) -> None:
    gone = cap_machine(candidates, percent / 100)
    assert gone == cap_machine(candidates[::-1], percent / 100)
    rest = [one for one in candidates if one.id not in gone]
    machines = sum(one.machine for one in rest)
    assert all(one.machine for one in candidates if one.id in gone)
    assert 100 * machines <= percent * len(rest)
    if gone:
        assert 100 * (machines + 1) > percent * (len(rest) + 1)


def test_the_share_is_that_of_machines_among_all() -> None:
    assert machine_share(rows(1, 3)) == Fraction(1, 4)
    assert machine_share([]) == 0.0


@pytest.mark.parametrize(
    ("lineage", "machine"),
    [
        ({}, True),
        ({"vouched": ["self", "judge:j", "model:m"]}, True),
        ({"vouched": ["judge:j", "check"]}, False),
        ({"vouched": ["person"]}, False),
        ({"writer": "person"}, False),
    ],
)
def test_a_person_or_a_check_vouches_and_no_judge_does(
    lineage: dict[str, object], machine: bool
) -> None:
    assert is_machine(an_example(lineage=lineage)) is machine
