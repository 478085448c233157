"""Commands that show datasets: how far each is, its versions, and what differs between two."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from ratchet.datasets.settings import DatasetSettings
from ratchet.datasets.status import DatasetState, DatasetStatus, dataset_status
from ratchet.datasets.versions.diff import DatasetDiff, diff_versions
from ratchet.datasets.versions.load import latest_version, list_versions, load_version
from ratchet.datasets.versions.version import DatasetVersion, dataset_key
from ratchet.entry.cli.dataset_collect import tell_samples
from ratchet.entry.cli.output import AsJson, StoreUrl, cell, emit, opened, say, table
from ratchet.entry.wiring import App
from ratchet.kernel.errors import NotFound
from ratchet.policies.version import SemVer

Key = Annotated[
    str, typer.Argument(metavar="DATASET[@VERSION]", help="The latest version without a number.")
]
SHOWN = 10  # examples of a difference that are named


def register(app: typer.Typer) -> None:
    """Add these commands to those of datasets."""
    for command in (status, show, diff):
        app.command()(command)


def status(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show what is collected, how far each dataset is, and what training on it would cost."""
    with opened(store, making=False) as a:
        found = dataset_status(a.store, a.reader, now=a.clock())
    if as_json:
        emit(found.to_wire())
        return
    _status(found)


def _status(found: DatasetStatus) -> None:
    silver = found.silver
    say(f"{silver.collected} collected: {silver.kept} kept, {silver.withdrawn} withdrawn")
    say(f"  not kept: {_counts(silver.reasons) or 'none'}")
    if silver.dead:
        say(f"  {silver.dead} dead letters: ratchet dataset dead")
    for source in silver.stopped:
        say(f"  {source} waits for a person: ratchet dataset resume {source} --reason ...")
        tell_samples(silver.samples.get(source, ()))
    columns = ("dataset", "latest", "versions", "accepted", "target", "done", "tokens", "cost usd")
    table(columns, [_state(state) for state in found.datasets])
    for state in found.datasets:
        for line in _notes(state):
            say(f"{state.dataset}: {line}")


def _state(state: DatasetState) -> tuple[Any, ...]:
    done, cost = f"{state.progress:.0%}", _counts(state.cost_usd)
    counts = state.versions, state.accepted, state.target, done
    return state.dataset, state.latest, *counts, state.tokens, cost


def _notes(state: DatasetState) -> Iterator[str]:
    if state.left_out:
        yield f"left out: {_counts(state.left_out)}"
    at = state.building
    if at is not None and at.stage == "stopped":
        yield f"its last build made no version: {at.fault or 'it was stopped'}"
    elif at is not None:
        yield f"a build is, or died, at {at.stage} {at.done} of {at.total or '?'}"
    if state.fault:
        yield f"its latest version cannot be read: {state.fault}"


def show(key: Key = "default", store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Show a version and what it holds; without a number the latest, with all there are."""
    with opened(store, making=False) as a:
        dataset, number = parts_of(a, key)
        version = load_version(a.store, a.keys, dataset_key(dataset, number))
        others = list_versions(a.store, a.keys, dataset) if key == dataset else []
    if as_json:
        told = {"versions": [one.version for one in others]} if others else {}
        emit(version.to_wire() | told)
        return
    _show(version)
    if others:
        columns = ("version", "examples", "tokens", "diversity", "created", "by")
        table(columns, [_row(one) for one in others], title="all versions")


def _show(version: DatasetVersion) -> None:
    held = version.statistics
    say(f"{version.key()}: {held.examples} of {version.read} examples, {held.tokens} tokens")
    say(f"  hash {version.hash}, parent {version.parent or 'none'}")
    say(f"  built by {version.created_by}, {cell(version.created_at)} UTC")
    parts: list[tuple[str, Mapping[str, float]]] = [
        ("splits", held.splits),
        ("domains", held.domains),
        ("task types", held.task_types),
        ("difficulty", held.bands),
        ("sources", held.sources),
        ("quality", held.quality),
        ("redacted", held.redactions),
        ("left out", version.left_out),
    ]
    rows = [(name, _counts(counts)) for name, counts in parts if counts]
    rows.append(("diversity", f"{held.diversity:.3f}"))
    rows.append(("machine-written", f"{held.machine_share:.0%}"))
    table(("of it", "counts"), rows)


def _row(version: DatasetVersion) -> tuple[Any, ...]:
    held = version.statistics
    told = held.examples, held.tokens, held.diversity
    return version.version, *told, version.created_at, version.created_by


def diff(
    was: Annotated[str, typer.Argument(metavar="DATASET@VERSION", help="The earlier one.")],
    now: Annotated[str, typer.Argument(metavar="DATASET[@VERSION]", help="The later one.")],
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what one version has that another has not, and why the rest is gone."""
    with opened(store, making=False) as a:
        keys = [dataset_key(*parts_of(a, key)) for key in (was, now)]
        found = diff_versions(a.store, a.blobs, a.keys, *keys)
    if as_json:
        emit(found.to_wire())
        return
    _diff(found)


def _diff(found: DatasetDiff) -> None:
    say(f"{found.was} to {found.now}: {found.same} examples are the same")
    removed = f"removed ({_counts(found.reasons)})"
    _listed("added", found.added)
    _listed("changed", found.changed)
    _listed(removed, [f"{one.id} {one.reason}" for one in found.removed])
    _listed("in another split", [f"{one.id} {one.was} to {one.now}" for one in found.moved])
    for what, differs in (("spec", found.spec), ("code", found.codes)):
        if differs:
            say(f"  the {what} is another")


def _listed(what: str, told: Sequence[str]) -> None:
    """Say how many there are and the first of them, a line each: ids are to be copied."""
    if told:
        say(f"  {len(told)} {what}:")
        for line in told[:SHOWN]:
            say(f"    {line}")
        if len(told) > SHOWN:
            say(f"    and {len(told) - SHOWN} more")


def parts_of(a: App, key: str) -> tuple[str, str]:
    """Return the dataset and the number of a version as a person names it.

    Raises: NotFound, InvalidInput, BadSignature.
    """
    dataset, _, number = key.rpartition("@")
    if dataset:
        return dataset, str(SemVer.of(number))
    latest = latest_version(a.store, a.keys, key)
    if latest is None:
        a.reader.read(DatasetSettings).spec_of(key)
        raise NotFound(
            f"{key} has no version yet", field="dataset", mend=f"ratchet dataset build {key}"
        )
    return key, latest.version


def _counts(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cell(count)}" for name, count in counts.items())
