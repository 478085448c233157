"""The feed of gold sets: what a set says is said with its own labeller, time and features."""

from ratchet.govern.roles import person
from ratchet.kernel.clock import millis
from ratchet.labels.gold import take_gold
from ratchet.store.sqlite import SqliteStore
from tests.support.labelled import MINUTE, labels_in, loaded, said_in
from tests.support.observing import NOON, worker


def test_a_line_is_a_label_and_a_changed_line_a_changed_label(embedded: SqliteStore) -> None:
    line = {
        "agent": "router",
        "subject": "q1",
        "stars": 4,
        "labeller": "expert",
        "ts": millis(NOON - MINUTE),
        "featuresRef": "ops_runs/r1",
    }
    at = worker(embedded)
    take_gold(embedded, "mine", [line], actor=person("ada"), now=NOON)
    loaded(at, feed="gold")
    (found,) = labels_in(embedded).values()
    assert (found.source, found.source_id) == ("gold", "mine/router q1")
    assert (found.label, found.value, found.confidence) == ("good", 0.75, 50.0)
    assert (found.labeller, found.ts, found.features_ref) == (
        "expert",
        NOON - MINUTE,
        "ops_runs/r1",
    )
    take_gold(embedded, "mine", [line | {"stars": 1}], actor=person("ada"), now=NOON + MINUTE)
    assert loaded(at, feed="gold").labels == 1
    assert [told[2] for told in said_in(embedded).values()] == ["bad"]
