"""A draft stands while new evidence says much the same; otherwise it is superseded."""

from ratchet.policies.history import list_versions
from ratchet.store.port import Store
from tests.support.governed import POLICY, draft, entries, switch_flags
from tests.support.observing import NOON
from tests.support.tuning import loop


def test_evidence_that_says_much_the_same_lets_the_draft_stand(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 300, ok=False)
    first = it.drafted()
    written = len(entries(store))
    it.report("gpt-5", 20, ok=False)
    assert it.drafted() == first
    assert len(entries(store)) == written
    assert [v.version for v in list_versions(store, POLICY)] == ["1.0.0", "1.0.1"]


def test_a_standing_draft_goes_live_once_the_flags_allow_it(embedded: Store) -> None:
    it = loop(embedded, carried=True)
    it.report("gpt-5", 300, ok=False)
    assert it.tune().decision == "asked"
    switch_flags(embedded, auto=True)
    it.reader_of_a_new_process()
    assert (it.tune().decision, len(list_versions(embedded, POLICY))) == ("activated", 2)


def test_a_persons_draft_never_stands_in_for_the_tuners(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 300, ok=False)
    wanted = it.drafted()
    other = loop(type(embedded)())
    draft(other.store, dict(wanted.params), now=NOON)
    other.report("gpt-5", 300, ok=False)
    made = other.drafted()
    assert made.created_by == "auto_tune_policies"
