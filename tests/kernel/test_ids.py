from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from ratchet.kernel.ids import join_key, random_id, shard_of
from ratchet.store.limits import check_id

PARTS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), min_size=2)


@given(PARTS, PARTS)
def test_different_parts_never_make_the_same_key(one: list[str], two: list[str]) -> None:
    assert (join_key(*one) == join_key(*two)) == (one == two)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=2, max_size=4))
def test_a_key_of_several_parts_is_always_a_document_id(parts: list[str]) -> None:
    assume(not (parts[0].startswith("__") and parts[-1].endswith("__")))  # Firestore's own
    check_id("things", join_key(*parts))


def test_a_key_stays_readable() -> None:
    assert join_key("router:gpt-5", "1.2.3+b", "p@1.0.0", 7) == "router:gpt-5~1.2.3+b~p@1.0.0~7"


def test_a_random_id_is_128_bits_and_fresh() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(bytes.fromhex(i)) == 16 for i in ids)


def test_a_shard_is_the_same_on_every_machine_and_spreads_evenly() -> None:
    assert [shard_of(f"b{i}", 16) for i in range(6)] == [7, 10, 15, 9, 2, 11]
    loads = Counter(shard_of(str(i), 8) for i in range(8000))
    assert set(loads) == set(range(8))
    assert max(loads.values()) < 1.15 * min(loads.values())
