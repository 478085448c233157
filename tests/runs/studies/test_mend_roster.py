"""The roster: a study that is gone is open no more, and a broken roster is made anew."""

import pytest

from ratchet.kernel.errors import UnknownSchema
from ratchet.runs.studies.mend_roster import mend_roster
from ratchet.runs.studies.study import ROSTER, study_ref
from ratchet.store.counting import CountingStore
from ratchet.store.port import Store
from tests.support.studying import desk


def test_a_study_that_was_deleted_by_hand_keeps_no_other_of_its_kind_from_starting(
    embedded: Store,
) -> None:
    at = desk(embedded)
    gone, kept = at.plan(), at.plan("parameter_tuning")
    embedded.delete(study_ref(gone.id))
    mend_roster(embedded)
    assert at.on_roster() == [kept.id]
    assert at.plan().id in at.on_roster()


def test_a_roster_that_cannot_be_read_is_made_anew_from_the_studies(store: Store) -> None:
    at = desk(store)
    ended, kept, spoilt = at.plan(), at.plan("tool_tuning"), at.plan("adapter_training")
    at.abandon(ended.id)
    found = store.get(study_ref(spoilt.id))
    assert found is not None
    store.set(found.ref, found.data | {"type": 7})
    store.set(ROSTER, {"v": 1, "studies": "none"})
    mend_roster(store)
    assert at.on_roster() == [kept.id]


def test_where_all_is_well_nothing_is_written(embedded: Store) -> None:
    at = desk(embedded)
    at.plan()
    counted = CountingStore(embedded)
    mend_roster(counted)
    assert (counted.bill.reads, counted.bill.writes) == (2, 0)


def test_the_roster_of_a_newer_program_is_left_alone(embedded: Store) -> None:
    embedded.set(ROSTER, {"v": 99})
    with pytest.raises(UnknownSchema):
        mend_roster(embedded)
