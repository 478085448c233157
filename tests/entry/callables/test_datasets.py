"""The callables of datasets: a person builds and withdraws, a service records on a golden set."""

from ratchet.datasets.versions.version import dataset_stream
from ratchet.entry.wiring import the_app
from ratchet.store.port import Ref, Store
from tests.support.curated import an_example, id_of
from tests.support.functions import ADMIN, SERVICE, Functions
from tests.support.golden_sets import NAME, frozen_set, scores
from tests.support.governed import POLICY, entries
from tests.support.small_version import said

TRIED, CHAMPION = f"{POLICY}@1.0.3", f"{POLICY}@1.0.2"


def collected(store: Store, count: int) -> list[str]:
    """Put examples into silver; returns their ids."""
    for n in range(count):
        words = the_app().blobs.put(said(str(n)).to_bytes())
        example = an_example(str(n), content=words, lineage={"vouched": ["check"]})
        store.set(Ref(example.collection, example.id), example.to_map())
    return [id_of(str(n)) for n in range(count)]


def test_a_dataset_is_built_and_taken_from_by_a_person_by_name(
    governed: Store, functions: Functions
) -> None:
    ids = collected(governed, 12)
    built = functions.call("build_dataset", {"dataset": "default", "reason": "enough"}).result
    assert (built["version"], built["new"], built["read"]) == ("default@1.0.0", True, 12)
    asked = {"ids": ids[:1], "reason": "its author asked"}
    gone = functions.call("withdraw_examples", asked).result
    assert gone["withdrawn"] == ids[:1]
    assert functions.call("withdraw_examples", asked).result["already"] == ids[:1]
    told = entries(governed, dataset_stream("default"))
    assert {entry.actor for entry in told} == {ADMIN.name}
    assert told[0].reason == "enough"


def test_a_service_records_looks_until_the_budget_is_spent(
    governed: Store, functions: Functions
) -> None:
    frozen_set(governed, the_app().blobs, budget=1)
    asked = {
        "set": NAME,
        "version": TRIED,
        "scores": scores(4, 1),
        "champion": CHAMPION,
        "championScores": scores(4, 2),
    }
    look = functions.call("record_golden", asked, actor=SERVICE).result
    assert (look["sequence"], look["left"], look["duplicate"]) == (1, 0, False)
    assert look["by"] == SERVICE.name
    assert look["result"]["against"]["gain"]["value"] == 0.25
    assert functions.call("record_golden", asked, actor=SERVICE).result["duplicate"]
    spent = functions.call("record_golden", asked | {"scores": scores(4)}, actor=SERVICE)
    assert (spent.status, spent.error["details"]["code"]) == (400, "RATCHET-7402")
    wrong = functions.call("record_golden", asked | {"scores": {"e00000": 2}}, actor=SERVICE)
    assert wrong.error["details"]["field"] == "scores.e00000"
