"""Commands that copy a store into a folder, and a folder into an empty store."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from ratchet.entry.archive import Show
from ratchet.entry.backup import BackupReport, back_up
from ratchet.entry.cli.output import AsJson, StoreUrl, cell, emit, opened, progress, say
from ratchet.entry.restore import RestoreReport, open_backup
from ratchet.entry.restore import restore as restore_into
from ratchet.govern.audit import require_valid

Folder = Annotated[Path, typer.Argument(help="The backup's folder.")]
KEEP = "the key is not in the backup: keep RATCHET_KEY, or the store's key file, as well"
BEGUN = {
    "went on": "went on with an unfinished backup",
    "anew": "began anew: the moment of the unfinished backup can no longer be read",
}


def backup(folder: Folder, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Copy one moment of the store into a new folder; run again, one that died goes on.

    It holds every document, and neither the key nor the blobs of datasets: copy those beside it.
    """
    with progress() as bar, opened(store, making=False) as app:
        report = back_up(app, folder, _shown(bar, "copying"))
    if as_json:
        emit(report.to_wire() | {"note": KEEP})
    else:
        _tell_backup(report)


def restore(folder: Folder, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Fill an empty store with a backup; run again, one that died goes on."""
    with progress() as bar:
        app, manifest = open_backup(folder, store, _shown(bar, "checking"))
        try:
            report = restore_into(app, folder, manifest, _shown(bar, "writing"))
        finally:
            app.store.close()
    if as_json:
        emit(report.to_wire())
    else:
        _tell_restore(report)
    for chain in report.chains:
        require_valid(chain)


def _shown(bar: Progress, description: str) -> Show:
    task = bar.add_task(description, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _tell_backup(report: BackupReport) -> None:
    if report.begun in BEGUN:
        say(BEGUN[report.begun])
    say(f"{report.documents} documents of {cell(report.taken_at)} UTC are in {report.folder}")
    for name, count in report.collections.items():
        say(f"  {count:>9}  {name}")
    if report.left_out:
        say(f"left out, since they are not Ratchet's: {', '.join(report.left_out)}")
    say(KEEP)


def _tell_restore(report: RestoreReport) -> None:
    if report.went_on:
        say("went on with a restore that had not ended")
    say(f"{report.documents} documents were restored and counted")
    for chain in report.chains:
        say(f"{chain.stream}: {'valid' if chain.valid else 'BROKEN'}: {chain.text}")
