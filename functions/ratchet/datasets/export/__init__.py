"""The registry of formats that a version is exported in: one file, one line here, one test."""

from collections.abc import Mapping

from ratchet.datasets.export import chat, completion, parquet
from ratchet.datasets.export.exporter import Exporter

EXPORTERS: Mapping[str, Exporter] = {
    "chat": chat.EXPORTER,
    "completion": completion.EXPORTER,
    "parquet": parquet.EXPORTER,
}
