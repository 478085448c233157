"""Commands about datasets: building versions, what is in them, and taking them out."""

from pathlib import Path
from typing import Annotated

import typer

from ratchet.datasets.versions.version import SPLITS, dataset_key
from ratchet.entry.cli import dataset_collect, dataset_examples, dataset_show
from ratchet.entry.cli.dataset_beam import DIRECT, crew_of
from ratchet.entry.cli.dataset_show import Key, parts_of
from ratchet.entry.cli.output import (
    AsJson,
    By,
    Reason,
    StoreUrl,
    actor,
    emit,
    opened,
    progress,
    say,
    warn,
)
from ratchet.entry.files import read_text
from ratchet.entry.wiring import App
from ratchet.kernel.errors import Contaminated, InvalidInput, NotWhole

app = typer.Typer(
    help="Datasets: what components did, as versions worth training on.", no_args_is_help=True
)

Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="Its name in config/datasets.")]
SHOWN = 10  # ids that are shown of many


@app.command()
def build(
    dataset: Dataset = "default",
    reason: Annotated[str | None, typer.Option("--reason", help="Why, in one line.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that read.")] = 1,
    beam: Annotated[bool, typer.Option("--beam", help="Read and write by Apache Beam.")] = False,
    runner: Annotated[str, typer.Option(help="Of Beam: DirectRunner, DataflowRunner ...")] = DIRECT,
    beam_options: Annotated[
        list[str] | None, typer.Option("--beam-option", metavar="NAME=VALUE", help="Of the runner.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Build the next version; one that died goes on, and none is made where nothing changed."""
    from ratchet.datasets.versions.build import build_dataset

    if beam and workers > 1:
        raise InvalidInput(
            "--workers are of a build without --beam",
            field="--workers",
            mend="--beam-option direct_num_workers=N, or the runner's own option",
        )
    if not beam and (beam_options or runner != DIRECT):
        raise InvalidInput("a runner is of Beam", field="--runner", mend="add --beam")
    with opened(store, making=False) as a, progress() as bar:
        task = bar.add_task("reading", total=None)
        built = build_dataset(
            a.store,
            a.blobs,
            a.keys,
            a.reader,
            actor(by),
            dataset,
            now=a.clock(),
            workers=workers,
            crew=crew_of(a, dataset, store, runner, beam_options or ()) if beam else None,
            tell=lambda stage, done, total: bar.update(
                task, description=stage, completed=done, total=total or None
            ),
            reason=reason,
        )
    if as_json:
        emit(built.to_wire())
        return
    held = built.statistics
    say(f"{built.version} is built" if built.new else f"{built.version} holds the same already")
    counts = ", ".join(f"{n} {split}" for split, n in held.splits.items())
    say(f"  {held.examples} of {built.read} examples ({counts}), {held.tokens} tokens")
    for why, count in built.left_out.items():
        say(f"  left out, {why}: {count}")
    if built.asked:
        say(f"  questions to people: {built.asked}, ratchet review next")
    for split in SPLITS:
        if not held.splits.get(split):
            warn(f"{built.version} has an empty {split} split: new tasks fill it")


dataset_show.register(app)
dataset_examples.register(app)


@app.command()
def export(
    key: Key,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files go.")],
    format: Annotated[str, typer.Option(help="chat, completion or parquet.")] = "chat",
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Write a version's splits as files; those that are there already and whole are left."""
    from ratchet.datasets.export.export import export_version

    with opened(store, making=False) as a:
        dataset, number = parts_of(a, key)
        told = export_version(a.store, a.blobs, a.keys, dataset, number, format=format, out=out)
        _note_withdrawn(a, dataset_key(dataset, number))
    if as_json:
        emit(told.to_wire())
        return
    written = {name: file for name, file in told.files.items() if file.format == format}
    for name, file in written.items():  # the list is of other formats in the folder, too
        say(f"{out / name}: {file.examples} examples, {file.bytes} bytes")


@app.command()
def verify(key: Key, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Read all of a version; what is not as it was written is named, and the status is not 0."""
    from ratchet.datasets.versions.verify import verify_version

    with opened(store, making=False) as a:
        named = dataset_key(*parts_of(a, key))
        found = verify_version(a.store, a.blobs, a.keys, named)
        if found.valid:
            _note_withdrawn(a, named)
    if as_json:
        emit(found.to_wire())
    else:
        state = "valid" if found.valid else "BROKEN"
        say(f"{found.version}: {state}: {found.examples} examples, hash {found.hash}")
        for fault in found.faults:
            say(f"  {fault.where}: {fault.text}")
        if found.measured:
            told = f"{len(found.measured)} of its examples, none trained on, are in golden sets"
            say(f"  {told}: later versions are without them")
    if not found.valid:
        first = found.faults[0]
        raise NotWhole(
            f"{found.version} is not whole: {first.where}: {first.text}",
            field="version",
            mend="restore its blobs from a backup, or build the dataset again",
        )
    if found.golden:
        raise Contaminated(
            f"{found.version} trains on {len(found.golden)} examples of a golden set that was"
            f" frozen later: {', '.join(found.golden[:SHOWN])}",
            field="version",
            mend=f"train on it no more: ratchet dataset build {found.version.rpartition('@')[0]}",
        )


def _note_withdrawn(a: App, key: str) -> None:
    """Note what a version holds that was withdrawn: it is whole, and no later one holds it."""
    from ratchet.datasets.versions.load import load_version
    from ratchet.datasets.versions.withdraw import withdrawn_of

    gone = withdrawn_of(a.store, a.blobs, load_version(a.store, a.keys, key))
    if gone:
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        warn(
            f"{key} holds {len(gone)} withdrawn examples, train on it no more: "
            f"{', '.join(gone[:SHOWN])}{more}"
        )


@app.command()
def withdraw(
    reason: Reason,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Examples.")] = None,
    file: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="Their ids, one a line.")
    ] = None,
    by: By = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Take examples out of every version to come; those that hold them already are named."""
    from ratchet.datasets.versions.withdraw import withdraw_examples

    wanted = [*(ids or ()), *(read_text(file, "ids").split() if file else ())]
    with opened(store, making=False) as a:
        found = withdraw_examples(
            a.store, a.blobs, a.keys, actor(by), wanted, reason=reason, now=a.clock()
        )
    if as_json:
        emit(found.to_wire())
        return
    say(f"{len(found.withdrawn)} withdrawn, {len(found.already)} were so already")
    if found.expired:
        warn(f"{len(found.expired)} are in versions alone: silver has them no more")
    for name, held in found.versions.items():
        say(f"  {name} holds {len(held)} of them: it stays as it is, train on it no more")


dataset_collect.register(app)
