"""What was written under the rules is taken by the functions: observations and drafts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import Conflict
from ratchet.observe.browse import Wanted, browse, show
from ratchet.observe.observation import Observation, check_item
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.version import is_signed
from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.emulator import server
from tests.rules import changed, observed
from tests.rules.conftest import Doors
from tests.rules.rest import created
from tests.rules.seeded import observed as least
from tests.support import recording
from tests.support.console import Console
from tests.support.observing import LATER, Worker, ids, observation, reward_of, stats_doc, worker

# What the recorder alone takes: it makes pseudonyms, and what is counted by units needs one.
RECORDED = {"unit", "meta", "kind", "rolloutArm", "rolloutStep", "exposedAt", "paired"}
# What the recorder leaves out.
STRICTER = (None,)


@pytest.fixture
def ruled(rules_host: str, doors: Doors) -> Iterator[Store]:
    """The functions' own way to the database that holds the rules, which do not bind it."""
    from ratchet.store.firestore import FirestoreStore

    recording.watch(FirestoreStore)
    doors["owner"].clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", rules_host)
        store = FirestoreStore(server.PROJECT)
    yield store
    store.close()


def written(doors: Doors, store: Store) -> tuple[Worker, datetime]:
    """Return a worker, after a service wrote the observations `full` and `least`, and when."""
    now = datetime.now(UTC)
    work = worker(store, now, shards=4)
    assert work.ingest.shards == 4  # read once, the functions tell the rules of the shards
    full = observed.whole() | {"shadow": False}  # what was only tried is scored, and not counted
    for name, fields in {"full": full, "least": {}}.items():
        data = least(now) | fields | {"component": "router"}
        answer = doors["service"].commit(created(f"ops_observations/{name}", data, "ingestedAt"))
        assert answer.status_code == httpx.codes.OK, answer.text
    return work, now


@pytest.mark.emulator
def test_it_is_scored_once_and_counted_once(doors: Doors, ruled: Store) -> None:
    work, now = written(doors, ruled)
    assert work.scored_later().scored == 2
    assert work.scored_later().scored == 0
    assert ids(ruled, "ops_rewards") == ["full", "least"]
    assert reward_of(ruled, "least")["score"] == 0.85
    work.clock = ManualClock(now + LATER * 2)
    work.roll()
    stats = stats_doc(ruled, "1h")
    assert (stats.n, stats.weighted) == (2, 1001)  # `full` stands for a thousand
    assert work.sweep(reach=timedelta(hours=2)).missing == 0


@pytest.mark.emulator
def test_it_takes_feedback_and_is_shown_and_its_id_is_taken(doors: Doors, ruled: Store) -> None:
    work, now = written(doors, ruled)
    work.scored_later()
    work.feedback({"obsId": "least", "source": "person", "grade": 0.5})
    work.later()
    assert work.fold().corrected == 1
    # Baseline 0.25, and 0.6 for a success, of which half is taken back by the grade.
    assert reward_of(ruled, "least")["score"] == 0.55
    assert {item["id"] for item in browse(ruled, work.reader, Wanted(), limit=10)} == {
        "full",
        "least",
    }
    (shown,) = show(ruled, "least")
    assert set(shown) == {"id", "ts", "component", "outcome", "reward"}
    with pytest.raises(Conflict, match="other content"):
        work.record({"id": "least"} | observation(now))


def test_the_rules_know_every_field_of_an_observation_but_what_is_recorded_alone() -> None:
    fields = {field.alias for field in Observation.model_fields.values()}
    assert fields - RECORDED - {"ts"} == set(observed.FIELDS)


@pytest.mark.parametrize("field", observed.FIELDS)
def test_what_the_rules_take_the_recorder_takes_and_the_other_way_round(field: str) -> None:
    now = datetime.now(UTC)
    sent = {"ts": now, "component": "router", "outcome": "success"}
    for value, right in observed.judged(observed.FIELDS[field]):
        if right or value not in STRICTER:
            taken = isinstance(check_item(sent | {field: value}, 0, now=now), Observation)
            assert taken == right, f"{field} {value!r}"


@pytest.mark.parametrize("name", changed.GOOD_DRAFTS)
def test_a_draft_that_the_rules_take_is_signed_by_the_functions(
    embedded: SqliteStore, name: str
) -> None:
    key, data = changed.GOOD_DRAFTS[name]
    console = Console(embedded, "ops_policies", guard_policy)
    console.write(key, data)
    console.deliver(console.events)
    assert "adopted" in console.decisions
    assert is_signed(console.keys, key, console.read(key))
