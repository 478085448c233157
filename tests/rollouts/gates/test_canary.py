"""The canary gate begins a rollout in the profile's steps."""

import pytest

from ratchet.rollouts.gates import canary
from ratchet.rollouts.profile import PROFILES
from ratchet.store.port import Store
from tests.support.roads import road_of


@pytest.mark.parametrize(
    ("arms", "steps", "shares"),
    [
        (("1.0.1",), (0.1, 0.5), (0.1, 0.5)),
        (("1.0.1", "1.0.2"), (0.1, 0.5), (0.05, 0.25)),
        (("1.0.1", "1.0.2"), (0.01, 0.5), (0.01, 0.25)),  # the least that a canary gives
    ],
)
def test_challengers_share_each_step_of_the_profile(
    embedded: Store, arms: tuple[str, ...], steps: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    profile = PROFILES["significance"].model_copy(update={"steps": steps})
    draft = canary.enter(road_of(embedded, *arms, profile=("own", profile))).draft
    assert draft is not None
    assert (draft.mode, draft.profile_name) == ("canary", "own")
    assert draft.steps == tuple(dict.fromkeys(arms, share) for share in shares)
