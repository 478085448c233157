"""BeamCrew: a build by pipelines ends in the very version of a build by one process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ratchet.datasets.example import Content, Example
from ratchet.datasets.versions.build import Built, build_dataset
from ratchet.datasets.versions.crew import Crew, Here
from ratchet.datasets.versions.load import entries_of, left_out_of, load_version
from ratchet.datasets.versions.manifest import manifest_bytes
from ratchet.datasets.versions.progress import Track, read_progress
from ratchet.datasets.versions.verify import verify_version
from ratchet.entry.beam.crew import BeamCrew
from ratchet.entry.beam.reach import Reach, runner_options
from ratchet.entry.beam.silver import page_row, silver_of
from ratchet.govern.config import CHECKPOINTS
from ratchet.kernel.errors import Misconfigured, NotWhole, Unavailable
from ratchet.store.folder_blobs import FolderBlobs
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.port import Query, Ref, Store
from ratchet.store.sqlite import SqliteStore
from tests.support.silver import ADA, KEYS, NOON, content, fill, put_example, reader_of, words

OPTIONS = runner_options(["direct_running_mode=in_memory", "direct_num_workers=1"], "DirectRunner")


class Place(NamedTuple):
    """A store in a file, with its blobs in a folder, as workers find them."""

    store: SqliteStore
    blobs: FolderBlobs
    reach: Reach

    def crew(self) -> BeamCrew:
        """Return the workers of this place."""
        return BeamCrew(self.store, self.blobs, self.reach, "default", tuple(OPTIONS))

    def build(self, crew: Crew) -> Built:
        """Build the one dataset."""
        args = (self.store, self.blobs, KEYS, reader_of(self.store), ADA, "default")
        return build_dataset(*args, now=NOON, crew=crew)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    """Two places that do not know of each other."""
    made = []
    for name in ("one", "two"):
        path = tmp_path / name
        reach = Reach(f"sqlite:///{path}.db", f"folder://{path}.blobs")
        made.append(Place(SqliteStore(f"{path}.db"), FolderBlobs(f"{path}.blobs"), reach))
    yield made[0], made[1]
    for place in made:
        place.store.close()


def near(i: int) -> Content:
    """Return words that nearly repeat those of the i-th example."""
    return Content(input=content(i).input, output=content(i).output + " And so on.")


def silver(store: Store, blobs: Any) -> list[Example]:
    """Put examples of every fate: kept, doubled, in doubt, not redacted, gone, not to be read."""
    made = fill(store, blobs, range(16))
    secret = Content(input=f"Write to ada@example.org {words(91)}", output=words(92))
    made += [
        put_example(store, blobs, 20, content(1)),
        put_example(store, blobs, 21, near(2)),
        put_example(store, blobs, 22, near(3), task_id="task-4"),
        put_example(store, blobs, 23, quality=60.0),
        put_example(store, blobs, 24, secret, redaction=None),
        put_example(store, blobs, 25, reason="low-quality"),
    ]
    blobs.delete(made[5].content)
    store.set(Ref(Example.collection, "0"), made[0].to_map())
    return made


def told(place: Place, built: Built) -> tuple[Any, ...]:
    """Return all that a version says and holds."""
    version = load_version(place.store, KEYS, built.version)
    assert verify_version(place.store, place.blobs, KEYS, built.version).faults == ()
    return (
        built,
        version.to_map(),
        list(entries_of(place.blobs, version)),
        left_out_of(place.blobs, version),
        [place.blobs.get(chunk.sha256) for chunk in version.chunks],
    )


@pytest.mark.slow
def test_a_build_by_pipelines_ends_in_the_same_version_example_by_example(
    places: tuple[Place, Place],
) -> None:
    here, beam = places
    found = []
    for place, crew in ((here, Here(here.store, here.blobs)), (beam, beam.crew())):
        silver(place.store, place.blobs)
        first = place.build(crew)
        found.append([told(place, first)])
        again = place.build(crew)
        assert (again.new, again.hash) == (False, first.hash)
        fill(place.store, place.blobs, range(30, 36))
        put_example(place.store, place.blobs, 37, near(31))
        found[-1].append(told(place, place.build(crew)))
    assert found[0] == found[1]
    first, second = (versions[0] for versions in found[1])
    assert first.left_out == {
        "exact-duplicate": 1,
        "in-review": 1,
        "near-duplicate": 2,
        "unreadable": 2,
    }
    assert (first.version, second.version) == ("default@1.0.0", "default@1.0.1")
    assert second.left_out["near-duplicate"] == 3
    assert first.statistics.redactions == {"EMAIL": 1}
    assert read_progress(beam.store, "default") is None
    left = [s.ref.id for s in beam.store.query(Query(CHECKPOINTS))]
    assert [key for key in left if key.startswith("beam_")] == []


@pytest.mark.slow
def test_workers_judge_near_duplicates_and_leave_their_measures_to_the_next_build(
    places: tuple[Place, Place],
) -> None:
    place, _ = places
    first, second = fill(place.store, place.blobs, [1, 2])
    copy = put_example(place.store, place.blobs, 3, near(1))
    track = Track(place.store, "default", None, NOON)
    read = place.crew().read([], 0.8, track)
    normal = {one.example.id: one.normal for one in read.prepared}
    assert [one.example.id for one in read.prepared] == sorted([first.id, second.id, copy.id])
    pair = tuple(sorted((normal[first.id], normal[copy.id])))
    assert read.judged == {pair: True}
    (part,) = track.parts
    for one in (first, second, copy):
        place.blobs.delete(one.content)
    again = place.crew().read([part], 0.8, track)
    assert again.unreadable == {}
    assert {one.example.id: one.normal for one in again.prepared} == normal
    assert again.judged == {}  # the words are gone: that is the builder's to meet


@pytest.mark.slow
def test_words_that_are_gone_and_workers_that_fail_are_told_as_without_pipelines(
    places: tuple[Place, Place], tmp_path: Path
) -> None:
    place, other = places
    fill(place.store, place.blobs, range(6))
    built = place.build(Here(place.store, place.blobs))
    entries = list(entries_of(place.blobs, load_version(place.store, KEYS, built.version)))
    manifest = place.blobs.put(manifest_bytes(entries))
    place.blobs.delete(entries[3].content)
    with pytest.raises(NotWhole) as gone:
        place.crew().write(entries, manifest, print)
    assert gone.value.field == entries[3].id
    nowhere = Reach(f"sqlite:///{tmp_path}/no/such/folder/at.db", other.reach.blobs)
    crew = BeamCrew(other.store, other.blobs, nowhere, "default", tuple(OPTIONS))
    with pytest.raises(Unavailable):
        crew.read([], 0.8, Track(other.store, "default", None, NOON))


def test_what_workers_of_other_code_measured_is_refused(
    embedded: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = MemoryBlobs()
    fill(embedded, blobs, [1])
    here = Here(embedded, blobs).read([], 0.8, Track(embedded, "default", None, NOON))
    row = page_row(blobs, here.prepared)
    (same,) = silver_of(blobs, [row]).prepared
    assert same.example == here.prepared[0].example
    monkeypatch.setattr("ratchet.entry.beam.silver.MEASURES", "other code")
    with pytest.raises(Misconfigured, match="as this program does"):
        silver_of(blobs, [row])
