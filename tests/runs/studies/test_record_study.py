"""The tuner's studies: one for each draft that it made itself."""

from ratchet.runs.studies.list_studies import list_studies
from ratchet.runs.studies.record_study import record_tuner_studies, record_tuner_study
from ratchet.runs.studies.study import Study
from ratchet.store.port import Store
from tests.support.governed import (
    KEYS,
    POLICY,
    alerts,
    assert_agreement,
    machine_draft,
    switch_flags,
)
from tests.support.studying import told
from tests.support.tuning import Loop, loop


def recorded(it: Loop) -> Study | None:
    """Tune, and record what came of it."""
    return record_tuner_study(it.store, KEYS, it.tune(), now=it.worker.clock())


def test_a_draft_of_the_tuner_is_a_study_that_has_succeeded_once(store: Store) -> None:
    it = loop(store)
    it.report("gpt-5", 100, ok=False)
    it.report("gemini", 100)
    study = recorded(it)
    assert study is not None
    assert (study.id, study.state, study.started_by) == (f"{POLICY}-s1.0.1", "succeeded", "tuner")
    assert (study.base, study.version) == (f"{POLICY}@1.0.0", f"{POLICY}@1.0.1")
    assert study.gain is not None
    assert study.gain_interval is not None
    assert study.gain_interval.low < study.gain < study.gain_interval.high
    assert told(store) == [("study-end", study.id, "succeeded", "auto_tune_policies")]
    assert recorded(it) is None  # the draft stands, and says the same
    assert list_studies(store, policy=POLICY) == [study]
    assert_agreement(store)


def test_one_that_cannot_be_recorded_stops_no_other(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    it.report("gemini", 100)
    outcome = it.tune()
    lost = outcome.model_copy(update={"version": "9.9.9"})
    record_tuner_studies(embedded, KEYS, [lost, outcome], now=it.worker.clock())
    assert [study.version for study in list_studies(embedded)] == [f"{POLICY}@1.0.1"]
    told = [alert for alert in alerts(embedded) if alert.what == "study-failed"]
    assert [alert.text for alert in told] == [
        f"no study tells of {POLICY}@9.9.9: {POLICY}@9.9.9 does not exist"
    ]


def test_no_draft_is_no_study(embedded: Store) -> None:
    it = loop(embedded)
    assert recorded(it) is None
    switch_flags(embedded, enabled=False)
    assert recorded(it) is None
    assert told(embedded) == []


def test_a_draft_that_others_made_and_that_stands_is_theirs(embedded: Store) -> None:
    it = loop(embedded)
    it.report("gpt-5", 100, ok=False)
    outcome = it.tune()
    theirs = machine_draft(embedded, 0.5)
    other = outcome.model_copy(update={"version": theirs.version})
    assert record_tuner_study(embedded, KEYS, other, now=it.worker.clock()) is None
