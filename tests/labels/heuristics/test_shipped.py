"""The shipped sets: as many features as promised, each documented, each within its limits."""

from collections.abc import Mapping

import pytest

from ratchet.labels.heuristics.feature import features_of, found_in, width_of
from ratchet.labels.heuristics.shipped import SHIPPED
from ratchet.observe.observation import Observation
from ratchet.policies.feature_spec import FeatureSpec

SIZES = {"planner": 7, "critic": 5, "router": 4}
every_set = pytest.mark.parametrize("specs", SHIPPED.values(), ids=SHIPPED)


def test_the_sets_have_as_many_features_as_they_promise() -> None:
    assert {name: len(specs) for name, specs in SHIPPED.items()} == SIZES


@every_set
def test_every_feature_is_documented_and_comes_from_a_field_of_observations(
    specs: Mapping[str, FeatureSpec],
) -> None:
    known = {field.alias or name for name, field in Observation.model_fields.items()}
    for spec in specs.values():
        assert spec.about
        assert spec.at.partition(".")[0] in known


@every_set
def test_an_observation_without_any_of_them_has_the_defaults(
    specs: Mapping[str, FeatureSpec],
) -> None:
    found = features_of(specs, found_in(specs, {"component": "planner", "outcome": "success"}))
    assert len(found) == width_of(specs)
    assert abs(found).max() <= 1
