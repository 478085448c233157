"""Runs: what was told and observed of them, the texts that they refer to, and their labels.

A run that names no input is words of nothing: it is no trace.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from ratchet.datasets.collecting.gather.gatherer import Gathered, Gatherer, Look, unreadable
from ratchet.datasets.collecting.gather.references import text_of
from ratchet.datasets.collecting.gather.said import said_of
from ratchet.datasets.example import example_id
from ratchet.datasets.extract.clean import check_size
from ratchet.datasets.extract.runs import SOURCE
from ratchet.kernel.errors import InvalidInput, Malformed
from ratchet.labels.feeds.feed import Stream
from ratchet.labels.label import Label
from ratchet.observe.run_totals import RunTotals
from ratchet.runs.run import Run, RunReport, run_ref
from ratchet.store.blobs import Blobs
from ratchet.store.port import Filter, Ref, Snapshot


def _streams(shards: int) -> Iterator[Stream]:
    """Yield runs by when they were told, and by when they were observed."""
    for kind in (Run, RunTotals):
        for shard in range(shards):
            where = (Filter("shard", "==", shard),)
            yield Stream(f"{kind.collection}.{shard}", kind.collection, "changedAt", where)


def _read(look: Look, page: Sequence[Snapshot]) -> Iterator[Gathered]:
    """Yield the runs of a page; one that was told and observed is in it once."""
    names = list(dict.fromkeys(stored.ref.id for stored in page))
    runs = [stored for stored in _of(look, Run.collection, names, page) if stored is not None]
    named = [stored.ref.id for stored in runs]
    totals = _of(look, RunTotals.collection, named, page)
    read = [_parsed(run, sums) for run, sums in zip(runs, totals, strict=True)]
    worded = [one for one in read if isinstance(one, Gathered) or one[0].report.input is not None]
    known = [one[0].report for one in worded if not isinstance(one, Gathered)]
    labels = said_of(look.store, ((run.component, subjects_of(run)) for run in known))
    for one in worded:
        yield one if isinstance(one, Gathered) else _gathered(look.blobs, *one, labels)


def _of(
    look: Look, collection: str, names: Sequence[str], page: Sequence[Snapshot]
) -> list[Snapshot | None]:
    """Return the documents of some names, those of the page as they are there."""
    found: dict[str, Snapshot | None] = {
        stored.ref.id: stored for stored in page if stored.ref.collection == collection
    }
    missing = [name for name in names if name not in found]
    found |= zip(
        missing, look.store.get_many([Ref(collection, name) for name in missing]), strict=True
    )
    return [found[name] for name in names]


def _again(look: Look, source_ids: Sequence[str]) -> Iterator[Gathered]:
    refs = [run_ref(run_id) for run_id in source_ids]
    yield from _read(look, [found for found in look.store.get_many(refs) if found is not None])


def _parsed(run: Snapshot, totals: Snapshot | None) -> tuple[Run, RunTotals | None] | Gathered:
    try:
        return Run.from_store(run.data), RunTotals.from_store(totals.data) if totals else None
    except InvalidInput as error:
        return unreadable(SOURCE, unquote(run.ref.id), run, error)


def subjects_of(run: RunReport) -> tuple[str, ...]:
    """Return what labels of a run are about: the run itself, or its example."""
    return run.run_id, example_id(SOURCE, run.run_id)


def _gathered(
    blobs: Blobs, run: Run, totals: RunTotals | None, labels: dict[tuple[str, str], list[Label]]
) -> Gathered:
    report = run.report
    empty = Gathered(SOURCE, report.run_id, run.changed_at)
    given = [
        label for name in subjects_of(report) for label in labels.get((report.component, name), ())
    ]
    try:
        texts = _texts_of(blobs, report)
    except Malformed as error:
        return empty._replace(error=error)
    known: dict[str, Any] = {
        "run": report.to_map(),
        "loss": run.loss.loss,
        "observed": totals.sums.to_map() if totals else None,
        "labels": [label.to_map() for label in given],
    }
    known = {name: value for name, value in known.items() if value is not None}
    return empty._replace(payload=known | texts)


def _texts_of(blobs: Blobs, report: RunReport) -> dict[str, Any]:
    """Return what a run refers to; no more of it is read than one trace may have."""
    named = {"input": report.input or "", "output": report.output or ""}
    named |= {f"traces.{i}": ref for i, ref in enumerate(report.traces)}
    texts: dict[str, str] = {}
    for field, reference in named.items():
        texts[field] = text_of(blobs, reference, field)
        check_size(sum(map(len, texts.values())))
    traces = [texts[f"traces.{i}"] for i in range(len(report.traces))]
    return {"input": texts["input"], "output": texts["output"], "traces": traces}


GATHERER = Gatherer(_streams, _read, _again)
