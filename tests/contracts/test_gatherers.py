"""Every source that is extracted is gathered, in streams that are followed by index."""

import importlib
import pkgutil

import pytest

from ratchet.datasets.collecting import gather
from ratchet.datasets.collecting.gather import GATHERERS, traces
from ratchet.datasets.collecting.gather.gatherer import Look
from ratchet.datasets.extract import EXTRACTORS
from ratchet.store.memory_blobs import MemoryBlobs
from ratchet.store.sqlite import SqliteStore

every_gatherer = pytest.mark.parametrize("source", GATHERERS)


def test_every_source_that_is_extracted_is_gathered_and_no_other() -> None:
    assert list(GATHERERS) == sorted(EXTRACTORS)


def test_every_file_that_gathers_is_registered() -> None:
    names = {module.name for module in pkgutil.iter_modules(gather.__path__)}
    found = {name: importlib.import_module(f"{gather.__name__}.{name}") for name in names}
    own = {name: one.GATHERER for name, one in found.items() if hasattr(one, "GATHERER")}
    assert own == {name: one for name, one in GATHERERS.items() if name not in traces.SOURCES}


@every_gatherer
def test_the_streams_of_a_source_have_names_of_their_own_for_any_number_of_shards(
    source: str,
) -> None:
    for shards in (1, 4):
        streams = list(GATHERERS[source].streams(shards))
        assert len({stream.name for stream in streams}) == len(streams) > 0
        assert all(stream.at.endswith("At") for stream in streams)


@every_gatherer
def test_of_nothing_there_is_nothing_to_extract(source: str, embedded: SqliteStore) -> None:
    look = Look(embedded, MemoryBlobs())
    assert list(GATHERERS[source].read(look, [])) == []
    assert list(GATHERERS[source].again(look, ["gone"])) == []
