"""Every exporter is registered, writes all it is given, and the same bytes again."""

from io import BytesIO

import pytest

from ratchet.datasets import export as folder
from ratchet.datasets.export import EXPORTERS
from ratchet.datasets.export.exporter import Exporter
from tests.contracts.test_registries import modules
from tests.support.exported import some_items

every_exporter = pytest.mark.parametrize("exporter", EXPORTERS.values(), ids=EXPORTERS.keys())


def test_every_file_that_exports_is_registered_under_its_name() -> None:
    found = {n: m.EXPORTER for n, m in modules(folder).items() if hasattr(m, "EXPORTER")}
    assert dict(EXPORTERS) == found


def written(exporter: Exporter, n: int) -> bytes:
    out = BytesIO()
    assert exporter.write(iter(some_items({"train": n})), out) == n
    return out.getvalue()


@every_exporter
def test_all_examples_are_written_and_the_same_ones_as_the_same_bytes(exporter: Exporter) -> None:
    assert written(exporter, 4) == written(exporter, 4) != written(exporter, 3)


@every_exporter
def test_nothing_is_a_file_too(exporter: Exporter) -> None:
    written(exporter, 0)
