"""Seed a store with its first documents; what is there already is never touched."""

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ratchet.entry.configs import CONFIGS
from ratchet.entry.files import json_object
from ratchet.entry.wiring import App
from ratchet.govern.audit import CONFIG_STREAM, ChainHead
from ratchet.govern.config_change import set_config
from ratchet.govern.flags import Flags
from ratchet.govern.roles import SEEDER
from ratchet.kernel.document import Model
from ratchet.kernel.errors import NotFound
from ratchet.kernel.registry import pick
from ratchet.observe.settings import Ingest
from ratchet.policies.activate import activate
from ratchet.policies.head import PolicyHead
from ratchet.policies.propose import propose
from ratchet.policies.version import PolicyVersion, version_key
from ratchet.store.counting import CountingStore
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore

REASON = "seeded"


class SeedPolicy(Model):
    """A file of `ops_policies/`: a version's content, and whether it starts as the active one."""

    id: str
    version: str
    status: Literal["draft", "active"] = "draft"
    params: dict[str, Any]
    tuning_space: dict[str, Any] | None = None
    notes: str = ""


class SeedReport(Model):
    """What was written, what was there, and what a person has to see to."""

    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def seed_folder() -> Path:
    """Return the folder of seeds: packaged with the library, or beside its sources.

    Raises: NotFound.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "seed", package.parents[1] / "seed"):
        if folder.is_dir():
            return folder
    raise NotFound("the folder of seeds is missing", field="seed", mend="name one with --folder")


def seed(app: App, *, now: datetime, folder: Path | None = None) -> SeedReport:
    """Load `config/*.json` and `ops_policies/*.json`; twice changes nothing.

    The flags are only seeded into a store that never had any: once they are gone, nothing but a
    person turns learning on again.

    Raises: NotFound, InvalidInput that names the file or the field.
    """
    source = folder or seed_folder()
    if not source.is_dir():
        raise NotFound(f"{source} is no folder", field="folder", mend="name a folder of seeds")
    report = SeedReport()
    head = app.store.get(Ref(ChainHead.collection, CONFIG_STREAM))
    had_flags = bool(head and Flags.name in head.data.get("configs", {}))
    for path in sorted((source / "config").glob("*.json")):
        report = _seed_config(app, path, report, had_flags, now)
    for path in sorted((source / "ops_policies").glob("*.json")):
        report = _seed_policy(app, path, report, now)
    return report


def _seed_config(
    app: App, path: Path, report: SeedReport, had_flags: bool, now: datetime
) -> SeedReport:
    kind, name = pick(CONFIGS, path.stem, field="config"), f"config/{path.stem}"
    if app.store.get(Ref(kind.collection, kind.name)) is not None:
        return _add(report, kept=name)
    if kind is Flags and had_flags:
        note = "config/flags is gone, so learning is off: ratchet flags set --enabled --reason ..."
        return _add(report, notes=note)
    data = json_object(path, name)
    if kind is Ingest and embedded(app):
        data["shards"] = 1  # one file has one writer: shards would only cost queries
    set_config(app.store, app.keys, SEEDER, kind, data, reason=REASON, now=now)
    return _add(report, written=name)


def embedded(app: App) -> bool:
    """Say whether the store is a file or memory of this machine."""
    store = app.store.inner if isinstance(app.store, CountingStore) else app.store
    return isinstance(store, SqliteStore)


def _seed_policy(app: App, path: Path, report: SeedReport, now: datetime) -> SeedReport:
    wanted = SeedPolicy.parse(json_object(path, path.name))
    name = f"{PolicyVersion.collection}/{version_key(wanted.id, wanted.version)}"
    found = app.store.get(Ref(PolicyHead.collection, wanted.id))
    head = PolicyHead.from_store(found.data) if found else None
    if head is None:
        propose(
            app.store,
            app.keys,
            SEEDER,
            wanted.id,
            wanted.params,
            now=now,
            tuning_space=wanted.tuning_space,
            version=wanted.version,
            notes=wanted.notes,
            reason=REASON,
        )
    elif head.active is not None or head.drafts != (wanted.version,):
        return _add(report, kept=name)  # else the seeding before this one died half way
    if wanted.status == "active":
        activate(app.store, app.keys, SEEDER, wanted.id, wanted.version, now=now, reason=REASON)
    elif head is not None:
        return _add(report, kept=name)
    return _add(report, written=name)


def _add(report: SeedReport, **lines: str) -> SeedReport:
    changes = {field: (*getattr(report, field), line) for field, line in lines.items()}
    return report.model_copy(update=changes)
