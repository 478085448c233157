"""Bindings: the policy of a component that names none; the first line that matches wins."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.govern.config import load_config
from ratchet.govern.config_change import set_config
from ratchet.kernel.errors import InvalidConfig, NotFound
from ratchet.policies.bindings import Bindings, bound
from ratchet.store.port import Store
from tests.support.governed import ADA, KEYS, NOON


def bindings(*lines: tuple[str, str | None, str]) -> Bindings:
    """Return bindings of (component, phase, policy)."""
    found = [
        {"component": component, "policy": policy} | ({"phase": phase} if phase else {})
        for component, phase, policy in lines
    ]
    return Bindings.parse({"v": 1, "bindings": found})


ROUTERS = bindings(
    ("router:gpt-5", None, "gpt"),
    ("router:*", "plan", "planners"),
    ("router:*", None, "routers"),
    ("agent:[ab]?", None, "agents"),
)


@pytest.mark.parametrize(
    ("component", "phase", "policy"),
    [
        ("router:gpt-5", None, "gpt"),
        ("router:gpt-5", "plan", "gpt"),
        ("router:gemini", "plan", "planners"),
        ("router:gemini", "review", "routers"),
        ("router:gemini", None, "routers"),
        ("router:", None, "routers"),
        ("agent:a1", "any", "agents"),
    ],
)
def test_the_first_line_that_matches_component_and_phase_wins(
    component: str, phase: str | None, policy: str
) -> None:
    assert bound(ROUTERS, component, phase) == policy


@pytest.mark.parametrize("component", ["Router:gpt-5", "agent:c1", "agent:a", "xrouter:a", ""])
def test_what_no_line_matches_is_not_found_and_told_how_to_be_bound(component: str) -> None:
    with pytest.raises(NotFound, match=f"no policy is bound to {component}") as caught:
        bound(ROUTERS, component, "plan")
    assert caught.value.field == "component"
    assert caught.value.mend == "ratchet config set bindings FILE --reason ..."


def test_a_line_of_a_phase_does_not_match_where_none_is_named() -> None:
    with pytest.raises(NotFound):
        bound(bindings(("*", "plan", "planners")), "router:a", None)


LINES = st.tuples(
    st.sampled_from(["a", "b", "ab", "*", "a*", "?", "[ab]"]),
    st.sampled_from([None, "plan", "act"]),
)
# What each pattern matches among the names below, by hand.
MATCHES = {
    "a": {"a"},
    "b": {"b"},
    "ab": {"ab"},
    "*": {"a", "b", "ab"},
    "a*": {"a", "ab"},
    "?": {"a", "b"},
    "[ab]": {"a", "b"},
}


@given(
    st.lists(LINES, max_size=12),
    st.sampled_from(["a", "b", "ab"]),
    st.sampled_from([None, "plan", "act"]),
)
def test_of_any_lines_the_first_that_matches_wins(
    lines: list[tuple[str, str | None]], component: str, phase: str | None
) -> None:
    made = bindings(*((pattern, at, f"p{i}") for i, (pattern, at) in enumerate(lines)))
    fitting = [
        i
        for i, (pattern, at) in enumerate(lines)
        if component in MATCHES[pattern] and at in (None, phase)
    ]
    if fitting:
        assert bound(made, component, phase) == f"p{fitting[0]}"
    else:
        with pytest.raises(NotFound):
            bound(made, component, phase)


GOOD = {"component": "router:*", "policy": "router-core"}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"bindings": {}}, "bindings"),
        ({"bindings": None}, "bindings"),
        ({"binding": []}, "binding"),
        ({"bindings": [GOOD] * 201}, "bindings"),
        ({"bindings": [GOOD, {"component": "x"}]}, "bindings.1.policy"),
        ({"bindings": [{"policy": "router-core"}]}, "bindings.0.component"),
        ({"bindings": [GOOD | {"component": ""}]}, "bindings.0.component"),
        ({"bindings": [GOOD | {"component": "x" * 121}]}, "bindings.0.component"),
        ({"bindings": [GOOD | {"phase": ""}]}, "bindings.0.phase"),
        ({"bindings": [GOOD | {"phase": 1}]}, "bindings.0.phase"),
        ({"bindings": [GOOD | {"policy": "Router"}]}, "bindings.0.policy"),
        ({"bindings": [GOOD | {"policy": "router-core\n"}]}, "bindings.0.policy"),
        ({"bindings": [GOOD | {"policy": "config"}]}, "bindings.0.policy"),
        ({"bindings": [GOOD | {"weight": 1}]}, "bindings.0.weight"),
    ],
)
def test_what_does_not_parse_is_refused_by_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        Bindings.parse(data)
    assert caught.value.field == field


def test_two_hundred_lines_are_taken() -> None:
    assert len(Bindings.parse({"bindings": [GOOD] * 200}).bindings) == 200


def test_nothing_is_bound_until_a_person_says_so(store: Store) -> None:
    assert load_config(store, Bindings, now=NOON).bindings == []
    set_config(store, KEYS, ADA, Bindings, {"bindings": [GOOD]}, reason="test", now=NOON)
    assert bound(load_config(store, Bindings, now=NOON), "router:gpt-5", None) == "router-core"
