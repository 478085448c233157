"""The shadow gate begins a rollout beside the champion, as the profile has it."""

from ratchet.rollouts.gates import shadow
from ratchet.rollouts.profile import PROFILES
from ratchet.store.port import Store
from tests.support.roads import road_of


def test_each_challenger_runs_beside_for_the_profiles_share_of_the_units(embedded: Store) -> None:
    part = PROFILES["significance"].shadow.model_copy(update={"share": 0.25})
    profile = PROFILES["significance"].model_copy(update={"shadow": part})
    road = road_of(embedded, "1.0.1", "1.0.2", profile=("own", profile))
    draft = shadow.enter(road).draft
    assert draft is not None
    assert (draft.mode, draft.purpose) == ("shadow", "trial")
    assert draft.steps == ({"1.0.1": 0.25, "1.0.2": 0.25},)
    assert draft.challengers == road.challengers
    assert (draft.profile_name, draft.profile) == ("own", profile)
