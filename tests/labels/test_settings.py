"""The configuration of judges: whom each judges, and whose family an agent is of."""

import pytest

from ratchet.kernel.errors import InvalidConfig
from ratchet.labels.settings import JudgeSettings, JudgeSpec


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("router:a", "exact"),
        ("router:a2", "longer"),
        ("router:b", "shorter"),
        ("router", "all"),
        ("planner", "all"),
    ],
)
def test_an_agents_own_name_says_its_family_before_the_longest_that_ends_in_a_star(
    agent: str, family: str
) -> None:
    families = {"router:a": "exact", "router:a*": "longer", "router:*": "shorter", "*": "all"}
    assert JudgeSettings(families=families).family_of(agent) == family


def test_of_an_agent_that_no_family_names_none_is_known() -> None:
    settings = JudgeSettings(families={"router:*": "gpt"})
    assert settings.family_of("planner") is None
    assert settings.may_judge("anyone", "gpt", "planner") is None


def test_a_judge_takes_the_agents_that_it_names_and_by_default_every_one() -> None:
    spec = JudgeSpec(family="gpt", agents=["router:*", "critic"])
    takes = {a: spec.takes(a) for a in ("router:a", "router", "critic", "critic2")}
    assert takes == {"router:a": True, "router": False, "critic": True, "critic2": False}
    assert JudgeSpec(family="gpt").takes("anything")


@pytest.mark.parametrize("name", ["", "a*b", "**", " router"])
def test_a_star_stands_only_at_the_end(name: str) -> None:
    with pytest.raises(InvalidConfig) as raised:
        JudgeSettings.parse({"families": {name: "gpt"}})
    assert raised.value.field.startswith("families")


def test_judges_that_only_send_what_they_say_take_no_settings() -> None:
    with pytest.raises(InvalidConfig) as raised:
        JudgeSettings.parse({"judges": {"people": {"family": "p", "settings": {"a": 1}}}})
    assert raised.value.field == "judges.people"
    assert "settings.a" in raised.value.message
