"""Looks at a golden set: each is counted once, kept, and held to the budget."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ratchet.govern.audit import verify_audit
from ratchet.kernel.errors import ChainBroken, GoldenSpent, InvalidInput, NotFound
from ratchet.rollouts.golden.exposure import EXPOSURES
from ratchet.rollouts.golden.golden_set import golden_stream
from ratchet.rollouts.golden.read import exposures_of, latest_exposure
from ratchet.rollouts.golden.show import golden_head
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from tests.support.golden_sets import CHAMPION, NAME, TRIED, expose, frozen_set, scores
from tests.support.governed import KEYS, entries
from tests.support.turns import drafted


@pytest.fixture
def blobs() -> MemoryBlobs:
    """The blobs of a test."""
    return MemoryBlobs()


def ready(store: Store, blobs: MemoryBlobs, n: int = 4, **terms: Any) -> None:
    """Freeze a set, and have a champion and a draft."""
    drafted(store, 2)
    frozen_set(store, blobs, n, **terms)


def test_a_look_is_kept_with_what_it_showed_and_audited(store: Store, blobs: MemoryBlobs) -> None:
    ready(store, blobs)
    found = expose(
        store, blobs, scores(4, 1), champion=CHAMPION, champion_scores=scores(4, 3)
    ).exposure
    assert latest_exposure(store, KEYS, NAME, TRIED) == found
    assert (found.sequence, found.by, found.budget, found.justifies) == (1, "ada", 3, True)
    assert (found.result.scores.n, found.result.scores.mean) == (4, 0.75)
    assert found.result.against is not None
    assert found.result.against.champion.mean == 0.25
    assert found.result.against.gain.value == 0.5
    assert found.result.against.gain.level == pytest.approx(1 - 0.05 / 3)
    entry = entries(store, golden_stream(NAME))[-1]
    assert (entry.action, entry.id, entry.was, entry.to) == (
        "expose",
        TRIED,
        CHAMPION,
        "airline~000001",
    )
    assert verify_audit(store, KEYS, golden_stream(NAME)).valid


def test_lower_scores_are_a_gain_where_the_set_says_so(embedded: Store, blobs: MemoryBlobs) -> None:
    ready(embedded, blobs, direction="lower")
    found = expose(
        embedded, blobs, scores(4, 1), champion=CHAMPION, champion_scores=scores(4)
    ).exposure
    assert found.result.against is not None
    assert found.result.against.gain.value == 0.25


def test_the_same_scores_again_are_no_second_look_and_others_are(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    ready(embedded, blobs)
    first = expose(embedded, blobs, scores(4))
    again = expose(embedded, blobs, scores(4), purpose="look")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.exposure == first.exposure
    assert not expose(embedded, blobs, scores(4, 1)).duplicate
    assert expose(embedded, blobs, scores(4)).duplicate
    assert golden_head(embedded, NAME).exposures == 2
    latest = latest_exposure(embedded, KEYS, NAME, TRIED)
    assert latest is not None
    assert latest.sequence == 2


def test_a_champions_last_scores_are_taken_where_none_are_sent(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    ready(embedded, blobs)
    with pytest.raises(NotFound, match=r"nothing was recorded for router-core@1\.0\.0"):
        expose(embedded, blobs, scores(4), champion=CHAMPION)
    expose(embedded, blobs, scores(4, 2), CHAMPION)
    found = expose(embedded, blobs, scores(4), champion=CHAMPION).exposure
    assert found.result.against is not None
    assert (found.sequence, found.result.against.gain.value) == (2, 0.5)


def test_past_its_budget_a_set_may_be_looked_at_and_justifies_nothing(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    ready(embedded, blobs, budget=1)
    expose(embedded, blobs, scores(4))
    with pytest.raises(GoldenSpent, match="spent its 1 exposures") as caught:
        expose(embedded, blobs, scores(4, 1))
    assert "freeze a new set" in caught.value.mend
    found = expose(embedded, blobs, scores(4, 1), purpose="look").exposure
    assert (found.sequence, found.justifies) == (2, False)


@pytest.mark.parametrize(
    ("change", "told", "field"),
    [
        ({"e00002": None}, "examples e00002 have no score", "scores.e00002"),
        ({"other": 1.0}, "examples other are none of the set's", "scores.other"),
        ({"e00001": 1.5}, "examples e00001 have a score that is no number", "scores.e00001"),
        ({"e00001": float("nan")}, "examples e00001 have a score", "scores.e00001"),
        ({"e00001": True}, "examples e00001 have a score", "scores.e00001"),
    ],
)
def test_wrong_examples_are_named_and_nothing_is_counted(
    embedded: Store, blobs: MemoryBlobs, change: dict[str, Any], told: str, field: str
) -> None:
    ready(embedded, blobs)
    sent = {k: v for k, v in (scores(4) | change).items() if v is not None}
    with pytest.raises(InvalidInput, match=told) as caught:
        expose(embedded, blobs, sent)
    assert caught.value.field == field
    assert embedded.query(Query(EXPOSURES)) == []


def test_many_missing_examples_are_counted(embedded: Store, blobs: MemoryBlobs) -> None:
    ready(embedded, blobs, 15)
    with pytest.raises(InvalidInput, match="e00009 and 5 more have no score"):
        expose(embedded, blobs, {})


def test_scores_of_no_champion_and_of_versions_that_are_not_there_are_refused(
    embedded: Store, blobs: MemoryBlobs
) -> None:
    ready(embedded, blobs)
    with pytest.raises(InvalidInput, match="a champion that is not named"):
        expose(embedded, blobs, scores(4), champion_scores=scores(4))
    with pytest.raises(NotFound):
        expose(embedded, blobs, scores(4), "router-core@9.9.9")
    with pytest.raises(NotFound):
        expose(embedded, blobs, scores(4), champion="router-core@9.9.9", champion_scores=scores(4))


def test_looks_at_once_share_no_number_and_do_not_pass_the_budget(
    store: Store, blobs: MemoryBlobs
) -> None:
    ready(store, blobs, 8, budget=4)

    def look(failed: int) -> int:
        try:
            return expose(store, blobs, scores(8, failed)).exposure.sequence
        except GoldenSpent:
            return 0

    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(pool.map(look, range(6)))
    assert numbers == [0, 0, 1, 2, 3, 4]
    assert [e.sequence for e in exposures_of(store, KEYS, NAME)] == [1, 2, 3, 4]
    assert verify_audit(store, KEYS, golden_stream(NAME)).entries == 5


def test_a_head_set_back_by_hand_gives_no_number_twice(embedded: Store, blobs: MemoryBlobs) -> None:
    ready(embedded, blobs)
    expose(embedded, blobs, scores(4))
    head = golden_head(embedded, NAME).model_copy(update={"exposures": 0})
    embedded.set(Ref(head.collection, head.id), head.to_map())
    with pytest.raises(ChainBroken, match="counts 0 exposures, and there are more"):
        expose(embedded, blobs, scores(4, 1))
