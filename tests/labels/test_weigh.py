"""A night of weights: every judge is held against what people say, and nothing else."""

from datetime import timedelta

import pytest

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import ManualClock
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.labels.judge_weight import JUDGE_WEIGHTS
from ratchet.labels.judgement import JUDGEMENTS
from ratchet.labels.label_stats import stats_ref
from ratchet.labels.settings import JudgeSettings
from ratchet.labels.uses import LabelUser
from ratchet.labels.weigh import WeighReport, weigh_judges, weights_of
from ratchet.labels.weight_history import all_weights
from ratchet.store.counting import CountingStore
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.commanded import unknown
from tests.support.judge_nights import (
    DAY,
    TRUTH,
    judge_all,
    judgement,
    label_all,
    night,
    put,
    weights,
    written,
)
from tests.support.judgements import weigh
from tests.support.labelled import label, wrote
from tests.support.observing import NOON, alerts, configure


def test_each_judge_earns_by_its_record_and_what_it_rests_on_is_kept(store: Store) -> None:
    label_all(store)
    judge_all(store, "wise", judge_version="2")
    judge_all(store, "liar", flipped=range(16))
    report = night(store)
    assert (report.agents, report.judges, report.failed, report.spoiled) == (1, 2, (), 0)
    found = weights_of(store, "router")
    # Of 16 judgements, all right, n / (n + 20) is earned.
    assert found["wise"].weight == pytest.approx(16 / 36)
    assert (found["wise"].n, found["wise"].versions, found["wise"].ts) == (16, ("2",), NOON)
    assert (found["liar"].weight, found["liar"].finding) == (0.0, "flipped")
    assert found["liar"].chance_corrected == pytest.approx(-1)
    assert alerts(store) == ["judge-earns-nothing"]
    user = store.get(Ref(LabelUser.collection, "weights:router~router"))
    assert user is not None
    assert user.data["labels"] == 16


def test_labels_that_were_drawn_count_by_the_inverse_of_their_probability(
    embedded: SqliteStore,
) -> None:
    rare, sure = TRUTH[:8], TRUTH[8:]
    wrote(embedded, *(label(f"s{i}", said, propensity=0.1) for i, said in enumerate(rare)))
    wrote(embedded, *(label(f"s{i}", said, propensity=1.0) for i, said in enumerate(sure, 8)))
    judge_all(embedded, "wise", flipped=[0])
    night(embedded)
    (found,) = weights(embedded).values()
    assert found.agreement == pytest.approx(78 / 88)
    assert found.effective_n == pytest.approx(88**2 / (8 * 10**2 + 8))


def test_the_same_night_again_writes_the_same(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise", flipped=[3])
    judge_all(embedded, "liar", flipped=range(16))
    first = night(embedded)
    before, told = written(embedded), embedded.query(Query("ops_alerts"))
    again = night(embedded)
    assert {one.judge for one in first.changed} == {"wise", "liar"}
    assert again.changed == ()
    assert written(embedded) == before
    assert [one.data for one in embedded.query(Query("ops_alerts"))] == [x.data for x in told]


def test_only_judgements_of_the_window_count_and_late_ones_are_decayed(
    embedded: SqliteStore,
) -> None:
    label_all(embedded)
    judge_all(embedded, "wise", ts=NOON - 7 * DAY)
    judge_all(embedded, "wise", flipped=range(16), judge_version="old", ts=NOON - 31 * DAY)
    judge_all(embedded, "wise", flipped=range(16), judge_version="soon", ts=NOON + DAY)
    night(embedded)
    (found,) = weights(embedded).values()
    assert (found.agreement, found.n, found.versions) == (1.0, 16, ("1",))
    mixed = NOON - timedelta(minutes=1)
    judge_all(embedded, "wise", flipped=range(16), judge_version="new", ts=mixed)
    night(embedded)
    (found,) = weights(embedded).values()
    # Of each subject one judgement of today is wrong, and one of a half-life ago is right.
    assert found.agreement == pytest.approx(1 / 3, abs=1e-4)


def test_labels_of_machines_teach_nothing_nor_do_those_that_are_sure_of_nothing(
    embedded: SqliteStore,
) -> None:
    label_all(embedded, source="outcomes")
    judge_all(embedded, "wise")
    wrote(embedded, label("s0", "good", confidence=0.0))
    weigh(embedded, wise=0.5)
    night(embedded)
    (found,) = weights(embedded).values()
    assert (found.weight, found.n, found.finding) == (0.0, 0, "few")
    assert found.reason == "nobody labelled what its 16 judgements are about"


def test_a_judge_of_scores_is_taken_at_one_half_and_a_value_is_too(embedded: SqliteStore) -> None:
    label_all(embedded)
    wrote(embedded, label("r1", "helpful", value=0.8), label("r2", "A", value=None))
    for i, said in enumerate(TRUTH):
        score = 0.5 if said == "good" else 0.49
        put(embedded, judgement("scorer", f"s{i}", None, score=score))
    put(embedded, judgement("scorer", "r1", None, score=0.9))
    put(embedded, judgement("scorer", "r2", None, score=0.9))  # no label says good or bad of it
    night(embedded)
    (found,) = weights(embedded).values()
    assert (found.agreement, found.n) == (1.0, 17)


def test_a_judge_that_fell_silent_weighs_nothing_and_says_so_once(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise")
    night(embedded)
    later = NOON + 31 * DAY
    (change,) = night(embedded, later).changed
    assert change.before == pytest.approx(16 / 36)
    assert change.after == 0.0
    assert change.reason == "it judged nothing in the last 30 days"
    silent = written(embedded)
    assert night(embedded, later + DAY).judges == 0
    assert written(embedded) == silent


def test_one_agent_that_fails_stops_no_other(embedded: SqliteStore) -> None:
    for agent in ("a", "b", "c"):
        label_all(embedded, agent=agent)
        judge_all(embedded, "wise", agent=agent)
    embedded.set(stats_ref("b"), {"agent": "b", "total": 16, "byDay": 3})
    report = night(embedded)
    assert (report.agents, report.judges, report.failed) == (3, 2, ("b",))
    assert "judges-not-weighed" in alerts(embedded)
    assert weights_of(embedded, "c")


def test_what_cannot_be_read_is_left_out_with_an_alert(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise")
    embedded.set(Ref(JUDGEMENTS, "broken"), {"agent": "router", "ts": NOON, "judge": 3})
    report = night(embedded)
    assert (report.judges, report.spoiled) == (1, 1)
    (told,) = embedded.query(Query("ops_alerts"))
    assert told.data["what"] == "judges-weighed-without"
    assert "ops_judgements/broken" in told.data["text"]
    assert unknown(told.data["command"]) == ""
    embedded.set(Ref(JUDGE_WEIGHTS, "wise~router"), {"agent": "router", "weight": "much"})
    with pytest.raises(InvalidInput):
        weights_of(embedded, "router")
    assert night(embedded).judges == 1  # a weight that was broken by hand is written anew
    assert weights_of(embedded, "router")["wise"].n == 16


def test_a_weight_that_lies_under_another_key_is_believed_by_nobody(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise")
    weigh(embedded, wise=1.0, zed=1.0)
    for name in ("wise", "zed"):
        forged = embedded.get(Ref(JUDGE_WEIGHTS, f"{name}~router"))
        assert forged is not None
        embedded.delete(forged.ref)
        embedded.set(Ref(JUDGE_WEIGHTS, f"zz-{name}"), forged.data)
    night(embedded)
    spoiled: list[RatchetError] = []
    for found in (
        weights_of(embedded, "router", spoiled.append).values(),
        all_weights(embedded, spoiled.append),
    ):
        assert {one.judge: one.weight for one in found} == {"wise": pytest.approx(16 / 36)}
    assert [f"ops_judge_weights/zz-{x}" in str(spoiled[i]) for i, x in enumerate(("wise", "zed"))]
    with pytest.raises(InvalidInput, match="ops_judge_weights/zz-wise: it says that it is wise"):
        weights_of(embedded, "router")


def test_nothing_is_kept_of_a_judge_that_judged_nothing_labelled(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise")
    put(embedded, *(judgement(f"made-up-{i}", "nobody-labelled-it", "good") for i in range(20)))
    assert night(embedded).judges == 1
    assert set(written(embedded)) == {
        "ops_judge_weights/wise~router",
        f"ops_judge_weight_nights/wise~router~{NOON:%Y%m%d}",
    }


def test_of_too_many_judges_those_with_the_most_labelled_judgements_are_weighed(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.labels.weigh.MOST", 2)
    label_all(embedded)
    for judge in ("b", "c"):
        judge_all(embedded, judge)
    for judge in ("a", "d"):
        put(embedded, *(judgement(judge, f"s{i}", TRUTH[i]) for i in range(15)))
    weigh(embedded, d=0.9)
    assert night(embedded).judges == 3
    found = weights(embedded)
    assert {key: one.weight > 0 for key, one in found.items()} == {
        "b~router": True,
        "c~router": True,
        "d~router": False,  # it weighed something, and a is not written at all
    }
    assert found["d~router"].reason == "2 other judges have more labelled judgements"
    (told,) = embedded.query(Query("ops_alerts"))
    assert told.data["what"] == "judges-too-many"
    assert "4 judges with labelled judgements: the 2 with the fewest" in told.data["text"]
    assert unknown(told.data["command"]) == ""
    assert night(embedded).judges == 2  # what weighs nothing is not written every night


def test_made_up_judges_crowd_out_none_that_is_configured(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratchet.labels.weigh.MOST", 1)
    embedded.set(Ref("config", "judges"), {"v": 1, "judges": {"z": {"family": "rules"}}})
    label_all(embedded)
    judge_all(embedded, "made-up")
    put(embedded, *(judgement("z", f"s{i}", TRUTH[i]) for i in range(15)))
    assert night(embedded).judges == 1
    assert list(weights(embedded)) == ["z~router"]


def test_who_waited_longest_is_weighed_first(embedded: SqliteStore) -> None:
    for agent in ("a", "b", "c"):
        label_all(embedded, agent=agent)
        judge_all(embedded, "wise", agent=agent)
    night(embedded, agent="a")
    night(embedded, NOON + DAY, agent="b")
    for agent in ("a", "b"):
        judge_all(embedded, "new", agent=agent)
    order = [change.agent for change in night(embedded, NOON + 2 * DAY).changed]
    assert order == ["c", "a", "b"]


def test_half_life_window_and_bins_are_those_of_the_configuration(embedded: SqliteStore) -> None:
    configure(embedded, JudgeSettings(window_days=3.0, half_life_days=1.0))
    label_all(embedded)
    judge_all(embedded, "wise", flipped=range(16), ts=NOON - 4 * DAY)
    judge_all(embedded, "wise", judge_version="2", ts=NOON - DAY)
    judge_all(embedded, "wise", flipped=range(16), judge_version="3")
    night(embedded)
    (found,) = weights(embedded).values()
    assert found.agreement == pytest.approx(1 / 3)  # a half of yesterday against one of today


def test_without_labels_and_judges_there_is_nothing_to_do(embedded: SqliteStore) -> None:
    assert night(embedded) == WeighReport()
    assert night(embedded, agent="nobody").judges == 0
    assert embedded.collections() == []


def test_a_night_asks_no_more_of_the_store_for_repeats_of_a_subject(embedded: SqliteStore) -> None:
    label_all(embedded)
    judge_all(embedded, "wise")
    for repeat in range(1, 30):
        judge_all(embedded, "wise", repeat=repeat)
    counting = CountingStore(embedded)
    weigh_judges(counting, ConfigReader(counting, ManualClock(NOON)), now=NOON, agent="router")
    assert counting.bill.reads < 480 + 16 + 40  # each judgement, each label, and what is constant
