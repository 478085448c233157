"""What a version trains on and a guarded set has: by id, by its words, and nearly."""

from ratchet.datasets.dedupe.normal import normal_text
from ratchet.datasets.example import Content
from ratchet.datasets.guard.guarded_set import GuardedSet
from ratchet.datasets.guard.trained import trained_on
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Store
from tests.support.curated import id_of
from tests.support.small_version import said, small_version


def test_the_same_id_the_same_words_and_near_ones_are_met_in_the_training_split_alone(
    embedded: Store,
) -> None:
    blobs = MemoryBlobs()
    version = small_version(
        embedded,
        blobs,
        {"a": "train", "b": "train", "c": "train", "d": "train", "e": "test", "f": "validation"},
    )
    longer = said("c").model_copy(update={"output": said("c").output + " Surely."})
    louder = said("b").model_copy(update={"input": said("b").input.upper()})
    examples = {
        id_of("a"): Content(input="another", output="thing"),
        "b": louder,
        "c": longer,
        "e": said("e"),
        "f": said("f"),
    }
    guarded = GuardedSet.of((name, "0" * 64, words) for name, words in examples.items())
    own = {name: normal_text(words) for name, words in examples.items()}
    found = list(trained_on(blobs, version, guarded, own))
    assert sorted(found) == sorted([id_of("a"), id_of("b"), id_of("c")])
