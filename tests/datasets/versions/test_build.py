"""Build: the same inputs give the same version; whole or not there; nothing is lost in silence."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from ratchet.datasets.example import Content, Lineage, Redaction
from ratchet.datasets.protect.redact import REDACTION
from ratchet.datasets.settings import DatasetSpec
from ratchet.datasets.versions.build import Built, build_dataset
from ratchet.datasets.versions.load import (
    entries_of,
    examples_of,
    latest_version,
    ledger_of,
    left_out_of,
    list_versions,
    load_head,
    load_version,
)
from ratchet.datasets.versions.progress import read_progress
from ratchet.datasets.versions.version import DATASETS, DatasetHead, dataset_stream
from ratchet.datasets.versions.withdraw import withdraw_examples
from ratchet.govern.alerts import Alert
from ratchet.govern.audit import audit_log, verify_audit
from ratchet.govern.roles import Actor, machine
from ratchet.kernel.errors import (
    BadSignature,
    Conflict,
    Forbidden,
    InvalidInput,
    LearningOff,
    NotFound,
    Refused,
)
from ratchet.labels.label import GOOD, Label
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.faulty_blobs import FaultyBlobs
from tests.support.silver import (
    ADA,
    KEYS,
    NOON,
    content,
    fill,
    put_example,
    reader_of,
    set_specs,
    words,
)

PLAIN = 24


def build(store: Store, blobs: Any, dataset: str = "default", **options: Any) -> Built:
    given: dict[str, Any] = {"now": NOON, "actor": ADA} | options
    actor = given.pop("actor")
    return build_dataset(store, blobs, KEYS, reader_of(store), actor, dataset, **given)


def test_a_version_holds_what_silver_has_and_its_words_read_back(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(PLAIN))
    built = build(embedded, blobs)
    assert (built.version, built.new, built.read, built.left_out) == (
        "default@1.0.0",
        True,
        PLAIN,
        {},
    )
    version = load_version(embedded, KEYS, built.version)
    items = {item.entry.id: item for item in examples_of(blobs, version)}
    assert {e.id: content(i) for i, e in enumerate(made)} == {
        key: item.content for key, item in items.items()
    }
    assert Counter(i.entry.split for i in items.values()) == Counter(version.statistics.splits) - (
        Counter()
    )
    train = list(examples_of(blobs, version, "train"))
    assert [i.entry.id for i in train] == sorted(
        key for key, i in items.items() if i.entry.split == "train"
    )
    assert read_progress(embedded, "default") is None


def test_the_same_inputs_give_the_same_hash_on_both_stores(
    store: Store, embedded: SqliteStore
) -> None:
    first, second = MemoryBlobs(), MemoryBlobs()
    fill(embedded, first, range(PLAIN))
    fill(store, second, reversed(range(PLAIN)))
    other = SqliteStore() if store is embedded else embedded
    if store is embedded:
        fill(other, first, range(PLAIN))
    one, two = build(other, first), build(store, second, now=NOON + timedelta(days=3))
    assert one.hash == two.hash
    ours, theirs = latest_version(other, KEYS, "default"), latest_version(store, KEYS, "default")
    assert ours is not None
    assert theirs is not None
    told = {"createdAt", "signature"}
    assert {k: v for k, v in ours.to_map().items() if k not in told} == {
        k: v for k, v in theirs.to_map().items() if k not in told
    }


@pytest.mark.slow
def test_two_workers_give_the_hash_of_one(embedded: SqliteStore) -> None:
    blobs, other = MemoryBlobs(), SqliteStore()
    fill(embedded, blobs, range(PLAIN))
    fill(other, blobs, range(PLAIN))
    assert build(embedded, blobs).hash == build(other, blobs, workers=2).hash


def test_nothing_new_makes_no_version_and_more_examples_a_patch(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(12))
    first = build(embedded, blobs)
    again = build(embedded, blobs, now=NOON + timedelta(days=1))
    assert (again.new, again.version, again.hash) == (False, first.version, first.hash)
    fill(embedded, blobs, range(12, 20))
    more = build(embedded, blobs)
    assert (more.new, more.version) == (True, "default@1.0.1")
    assert [v.version for v in list_versions(embedded, KEYS, "default")] == ["1.0.0", "1.0.1"]
    assert list_versions(embedded, KEYS, "default")[1].parent == "1.0.0"


def test_another_spec_makes_a_minor_version(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(12))
    build(embedded, blobs)
    set_specs(embedded, default=DatasetSpec(domains=("travel", "qa")))
    built = build(embedded, blobs)
    assert built.version == "default@1.1.0"
    assert built.left_out == {"not-wanted": 7}  # of 12, five domains in turn: 3 travel and 2 qa


def test_every_example_keeps_its_split_and_every_reason_is_counted(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    set_specs(embedded, default=DatasetSpec(trains=("gpt-own",), size=20))
    made = fill(embedded, blobs, range(24))
    copy = content(1)
    put_example(embedded, blobs, 30, copy)
    near = Content(input=content(2).input, output=content(2).output + " And so on.")
    put_example(embedded, blobs, 31, near)
    put_example(embedded, blobs, 32, lineage=Lineage(model="gpt-own", vouched=("person",)))
    put_example(embedded, blobs, 33, lineage=Lineage(model="gpt-x", vouched=("self",)))
    put_example(embedded, blobs, 34, quality=60.0, confidence=0.1)
    put_example(embedded, blobs, 35, quality=60.0)
    own = Lineage(model="gpt-x+gpt-own", vouched=("check",))
    dropped = put_example(embedded, blobs, 36, reason="low-quality", lineage=own)
    made_of_it = Lineage(model="gpt-x", vouched=("check",), parents=(dropped.id,))
    put_example(embedded, blobs, 37, lineage=made_of_it)
    built = build(embedded, blobs)
    assert built.left_out == {
        "exact-duplicate": 1,
        "near-duplicate": 1,
        "own-lineage": 2,
        "own-judge": 1,
        "rejected": 1,
        "in-review": 1,
        "sampled-out": 4,
    }
    assert built.read == 31 == sum(built.left_out.values()) + built.statistics.examples
    assert built.asked == 1
    version = load_version(embedded, KEYS, built.version)
    was = {entry.id: entry.split for entry in entries_of(blobs, version)}
    assert len(was) == 20
    assert left_out_of(blobs, version).keys() | was.keys() >= {one.id for one in made}
    set_specs(embedded, default=DatasetSpec(trains=("gpt-own",)))
    fill(embedded, blobs, range(40, 70))
    after = load_version(embedded, KEYS, build(embedded, blobs).version)
    now = {entry.id: entry.split for entry in entries_of(blobs, after)}
    assert now.keys() > was.keys()
    assert {key: now[key] for key in was} == was


def test_what_was_sampled_out_of_a_group_has_its_split_when_it_comes_back(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    for i in range(12):
        put_example(embedded, blobs, i, task_id=f"t{i % 3}", domain="qa", difficulty=0.1)
    set_specs(embedded, default=DatasetSpec(size=3))
    first = load_version(embedded, KEYS, build(embedded, blobs).version)
    splits = {line.task: line.split for line in ledger_of(blobs, first).lines.values()}
    set_specs(embedded, default=DatasetSpec())
    second = load_version(embedded, KEYS, build(embedded, blobs).version)
    assert second.statistics.examples == 12
    lines = ledger_of(blobs, second).lines.values()
    assert {line.task: line.split for line in lines} | splits == {
        line.task: line.split for line in lines
    }


def test_a_new_example_that_links_two_splits_is_left_out_and_counted(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(40))
    first = load_version(embedded, KEYS, build(embedded, blobs).version)
    entries = list(entries_of(blobs, first))
    train = next(e for e in entries if e.split == "train")
    test = next(e for e in entries if e.split == "test")
    i, j = (int(e.source_id.removeprefix("trace-")) for e in (train, test))
    near = Content(input=content(j).input, output=content(j).output + " And so on.")
    linking = put_example(embedded, blobs, 99, near, task_id=f"task-{i}")
    built = build(embedded, blobs)
    assert built.left_out == {"links-splits": 1}
    assert not built.new
    fill(embedded, blobs, [100])
    version = load_version(embedded, KEYS, build(embedded, blobs).version)
    assert left_out_of(blobs, version) == {linking.id: "links-splits"}


def test_at_most_the_cap_was_written_by_machines_alone_after_the_draw_too(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(10))
    fill(embedded, blobs, range(10, 40), lineage=Lineage(model="gpt-x"))
    set_specs(embedded, default=DatasetSpec(size=12, max_machine_share=0.25))
    built = build(embedded, blobs)
    assert built.statistics.machine_share <= 0.25
    assert built.statistics.examples + sum(built.left_out.values()) == 40


def test_an_empty_dataset_is_refused_with_what_was_left_out(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    with pytest.raises(Refused, match="no example is kept yet") as none:
        build(embedded, blobs)
    assert none.value.field == "examples"
    assert "ratchet dataset collect" in none.value.mend
    fill(embedded, blobs, range(3), quality=10.0, confidence=0.0)
    with pytest.raises(Refused, match="of 3 examples are left out 3 rejected") as poor:
        build(embedded, blobs)
    assert "lower the bounds" in poor.value.mend
    state = read_progress(embedded, "default")
    assert state is not None
    assert (state.stage, len(state.parts)) == ("stopped", 1)
    assert state.fault == poor.value.message
    assert embedded.count(Query(DATASETS)) == 0
    assert load_head(embedded, "default") is None


def test_an_example_whose_words_are_gone_is_counted_and_told_and_stops_nothing(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(6))
    gone, broken, other = made[2], made[4], made[5]
    blobs.delete(gone.content)
    strange = Redaction(version=REDACTION, content=blobs.put(b'{"traj": []}'))
    changed = other.model_copy(update={"redaction": strange})
    embedded.set(Ref(other.collection, other.id), changed.to_map())
    embedded.set(
        Ref(broken.collection, broken.id), broken.to_map() | {"difficulty": "hard as nails"}
    )
    another = "f" * 64
    embedded.set(Ref(made[0].collection, another), made[0].to_map())
    built = build(embedded, blobs)
    assert (built.read, built.left_out) == (7, {"unreadable": 4})
    version = load_version(embedded, KEYS, built.version)
    unreadable = (gone.id, broken.id, another, other.id)
    assert left_out_of(blobs, version) == dict.fromkeys(unreadable, "unreadable")
    embedded.delete(Ref(made[0].collection, another))
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.subject, told.state) == ("example-unreadable", "default", "open")
    put_example(embedded, blobs, 2)
    put_example(embedded, blobs, 4)
    put_example(embedded, blobs, 5)
    assert build(embedded, blobs).read == 6
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert told.state == "resolved"


def test_words_erased_since_they_were_measured_leave_their_example_out_and_stop_nothing(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(6))
    build(embedded, blobs)
    erased, asked = made[1], made[4]
    withdraw_examples(embedded, blobs, KEYS, ADA, [asked.id], reason="asked for", now=NOON)
    for one in (erased, asked):
        blobs.delete(one.content)
    fill(embedded, blobs, [6])
    built = build(embedded, blobs)
    assert (built.version, built.read) == ("default@1.0.1", 7)
    version = load_version(embedded, KEYS, built.version)
    assert left_out_of(blobs, version) == {erased.id: "unreadable", asked.id: "withdrawn"}
    assert len(list(examples_of(blobs, version))) == 5
    (told,) = (Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection)))
    assert (told.what, told.state) == ("example-unreadable", "open")
    assert erased.id in told.text
    again = build(embedded, blobs)
    assert (again.new, again.hash) == (False, built.hash)


def test_a_reason_that_is_given_says_something(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(2))
    for nothing in ("", "  "):
        with pytest.raises(InvalidInput) as empty:
            build(embedded, blobs, reason=nothing)
        assert empty.value.field == "reason"
    assert build(embedded, blobs, reason="a reason").new


def test_what_people_answered_decides_the_next_build_and_what_cannot_be_read_is_told(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    doubtful, other = fill(embedded, blobs, [1, 2], quality=50.0)
    with pytest.raises(Refused, match="2 in-review"):
        build(embedded, blobs)
    for one, word in ((doubtful, GOOD), (other, "never heard of")):
        label = Label(
            agent=one.component,
            subject=one.id,
            source="review",
            source_id=one.id,
            labeller="ada",
            label=word,
            ts=NOON,
            loaded_at=NOON,
        )
        broken = {} if word == GOOD else {"confidence": "very"}
        embedded.set(Ref(label.collection, label.key()), label.to_map() | broken)
    built = build(embedded, blobs)
    assert built.left_out == {"in-review": 1}
    version = load_version(embedded, KEYS, built.version)
    assert [entry.id for entry in entries_of(blobs, version)] == [doubtful.id]
    alerts = [Alert.from_store(s.data) for s in embedded.query(Query(Alert.collection))]
    assert "answer-unreadable" in {one.what for one in alerts}


def test_what_silver_did_not_redact_with_the_present_code_is_redacted(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    said = Content(input=f"Write to ada@example.org {words(1)}", output=words(2))
    put_example(embedded, blobs, 1, said, redaction=None)
    old = Redaction(version="0", content=blobs.put(said.to_bytes()))
    other = Content(input=f"Write to bob@example.org {words(3)}", output=words(4))
    put_example(embedded, blobs, 2, other, redaction=old)
    built = build(embedded, blobs)
    assert built.statistics.redactions == {"EMAIL": 2}
    version = load_version(embedded, KEYS, built.version)
    assert all("[EMAIL_1]" in item.content.input for item in examples_of(blobs, version))


def test_withdrawn_examples_are_in_no_later_version(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(10))
    build(embedded, blobs)
    withdraw_examples(embedded, blobs, KEYS, ADA, [made[3].id], reason="asked for", now=NOON)
    built = build(embedded, blobs)
    assert (built.version, built.left_out) == ("default@1.0.1", {"withdrawn": 1})
    version = load_version(embedded, KEYS, built.version)
    assert made[3].id not in {entry.id for entry in entries_of(blobs, version)}


def test_the_version_its_head_and_its_audit_entry_say_the_same(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(8))
    built = build(embedded, blobs, reason="first one")
    head = load_head(embedded, "default")
    assert head is not None
    assert (head.latest, head.hash) == ("1.0.0", built.hash)
    (entry,) = audit_log(embedded, dataset_stream("default"))
    assert (entry.action, entry.id, entry.to, entry.actor, entry.reason) == (
        "build",
        "default@1.0.0",
        "1.0.0",
        "ada",
        "first one",
    )
    assert verify_audit(embedded, KEYS, dataset_stream("default")).valid


def test_a_changed_version_is_refused(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(8))
    ref = Ref(DATASETS, build(embedded, blobs).version)
    found = embedded.get(ref)
    assert found is not None
    for change in ({"read": 9}, {"signature": "0" * 64}, {"signature": "ö"}, {"dataset": "other"}):
        embedded.set(ref, found.data | change)
        with pytest.raises(BadSignature):
            load_version(embedded, KEYS, ref.id)
        with pytest.raises(BadSignature):
            build(embedded, blobs)
    embedded.set(ref, found.data)
    embedded.set(Ref(DATASETS, "default@9.9.9"), found.data)
    with pytest.raises(BadSignature):
        load_version(embedded, KEYS, "default@9.9.9")
    with pytest.raises(NotFound):
        load_version(embedded, KEYS, "default@2.0.0")


def test_the_machine_builds_nothing_while_learning_is_off_and_a_person_does(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(8))
    with pytest.raises(LearningOff):
        build(embedded, blobs, actor=machine("build_datasets"))
    with pytest.raises(Forbidden):
        build(embedded, blobs, actor=Actor(name="eve", kind="person", role="service"))
    assert build(embedded, blobs).new


def test_a_head_that_was_set_back_by_hand_has_no_version_written_over(
    embedded: SqliteStore,
) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(3))
    build(embedded, blobs)
    head = embedded.get(Ref(DatasetHead.collection, dataset_stream("default")))
    assert head is not None
    fill(embedded, blobs, [3])
    build(embedded, blobs)
    second = load_version(embedded, KEYS, "default@1.0.1")
    later = embedded.get(head.ref)
    assert later is not None
    back = {name: head.data[name] for name in ("latest", "hash")}
    embedded.set(head.ref, {**later.data, **back})
    fill(embedded, blobs, [4])
    with pytest.raises(Refused, match="is there already"):
        build(embedded, blobs)
    assert load_version(embedded, KEYS, "default@1.0.1") == second


def test_an_unknown_dataset_is_refused_with_those_there_are(embedded: SqliteStore) -> None:
    with pytest.raises(NotFound) as unknown:
        build(embedded, MemoryBlobs(), "defualt")
    assert "default" in unknown.value.mend
    set_specs(embedded)
    with pytest.raises(NotFound, match="names no dataset default, and no other") as none:
        build(embedded, MemoryBlobs())
    assert none.value.mend.startswith("add it: ratchet config set datasets")


def test_a_version_that_came_meanwhile_is_not_built_over(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(8))

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "write" and embedded.count(Query(DATASETS)) == 0:
            fill(embedded, blobs, [50])
            build(embedded, blobs)

    with pytest.raises(Conflict):
        build(embedded, blobs, tell=meanwhile)
    assert [v.read for v in list_versions(embedded, KEYS, "default")] == [9]
    assert build(embedded, blobs).new is False


def test_a_withdrawal_during_a_build_keeps_it_from_being_committed(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    made = fill(embedded, blobs, range(8))

    def meanwhile(stage: str, done: int, total: int) -> None:
        if stage == "assemble":
            withdraw_examples(embedded, blobs, KEYS, ADA, [made[0].id], reason="no", now=NOON)

    with pytest.raises(Conflict):
        build(embedded, blobs, tell=meanwhile)
    assert build(embedded, blobs).left_out == {"withdrawn": 1}


def test_what_was_measured_is_not_read_or_measured_again(embedded: SqliteStore) -> None:
    blobs = FaultyBlobs(MemoryBlobs())  # it counts
    fill(embedded, blobs, range(8))
    build(embedded, blobs)
    fill(embedded, blobs, range(8, 10))
    before, gets = len(blobs.log), list[int]()

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "prepare":
            gets.append(blobs.log[before:].count("get"))

    build(embedded, blobs, tell=tell)
    assert gets == [1 + 2]  # the index of the version before, and the words of two


def test_a_build_tells_where_it_is(embedded: SqliteStore) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, range(5))
    seen = []

    def tell(stage: str, done: int, total: int) -> None:
        state = read_progress(embedded, "default")
        assert state is not None
        assert (state.stage, state.done, state.total) == (stage, done, total)
        seen.append((stage, done, total))

    build(embedded, blobs, tell=tell)
    assert seen[:4] == [("read", 0, 5), ("prepare", 5, 5), ("assemble", 0, 5), ("write", 0, 5)]
