"""Export a version: a file for each split, each whole or not there, and a list that proves them."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import quote

from ratchet.datasets.dedupe.normal import normal_hash
from ratchet.datasets.example import Hash
from ratchet.datasets.export import EXPORTERS
from ratchet.datasets.versions.load import examples_of, load_head, load_version
from ratchet.datasets.versions.version import SPLITS, DatasetVersion, Split, dataset_key
from ratchet.kernel.document import Model
from ratchet.kernel.errors import Contaminated, InvalidInput, Unavailable
from ratchet.kernel.keys import Keys
from ratchet.kernel.registry import pick
from ratchet.rollouts.golden.golden_set import GOLDEN_SETS
from ratchet.rollouts.golden.read import entries_of, golden_sets
from ratchet.store.blobs import Blobs
from ratchet.store.port import Ref, Store

_PIECE = 1 << 20
_NAMED = 10


class ExportedFile(Model):
    """A file of an export: what it holds, and the SHA-256 of its bytes."""

    format: str
    split: Split
    examples: int
    bytes: int
    sha256: Hash


class Exported(Model):
    """`DATASET-VERSION-export.json`: the version whose examples the files beside it hold."""

    dataset: str
    version: str
    hash: Hash
    files: dict[str, ExportedFile] = {}


def export_version(
    store: Store, blobs: Blobs, keys: Keys, dataset: str, version: str, *, format: str, out: Path
) -> Exported:
    """Write a version's splits to a folder; those that are there already and whole are left.

    Raises: InvalidInput for an unknown format or a folder that is none, NotFound, BadSignature,
    NotWhole, Unavailable; Contaminated where a golden set would be trained on.
    """
    exporter = pick(EXPORTERS, format, field="format")
    _refuse_golden_name(store, dataset)
    found = load_version(store, keys, dataset_key(dataset, version))
    _refuse_golden(store, blobs, keys, found)
    with _written(out):
        out.mkdir(parents=True, exist_ok=True)
        told = _before(out, found)
        for split in SPLITS:
            name = f"{_stem(found)}-{split}.{exporter.suffix}"
            if not _is_done(out / name, told.files.get(name), format):
                with _draft(out / name) as draft:
                    with draft.open("wb") as file:
                        count = exporter.write(examples_of(blobs, found, split), file)
                    done = _file_of(draft, format, split, count)
                told = told.model_copy(update={"files": told.files | {name: done}})
                _write_list(_list(out, found), told)
    return told


def _refuse_golden_name(store: Store, dataset: str) -> None:
    """Refuse a golden set that is asked for as if it were a dataset."""
    if load_head(store, dataset) is None and store.get(Ref(GOLDEN_SETS, dataset)) is not None:
        raise Contaminated(
            f"{dataset} is a golden set: what is measured by is never trained on",
            field="dataset",
            mend="export a dataset: ratchet dataset status lists them",
        )


def _refuse_golden(store: Store, blobs: Blobs, keys: Keys, version: DatasetVersion) -> None:
    """Refuse a version with a golden set's example in the split that is trained on.

    A build leaves them out; this finds those that were frozen since.
    """
    golden = [entry for one in golden_sets(store, keys) for entry in entries_of(blobs, one)]
    ids, normals = {entry.id for entry in golden}, {entry.normal for entry in golden}
    met = [
        entry.id
        for entry, content in (examples_of(blobs, version, "train") if golden else ())
        if entry.id in ids or normal_hash(content) in normals
    ]
    if met:
        more = f" and {len(met) - _NAMED} more" if len(met) > _NAMED else ""
        raise Contaminated(
            f"{version.key()} trains on what a golden set measures by: "
            f"{', '.join(met[:_NAMED])}{more}",
            field="version",
            mend=f"ratchet dataset build {version.dataset}, which leaves them out",
        )


def _stem(version: DatasetVersion) -> str:
    return f"{quote(version.dataset, safe='')}-{version.version}"


def _list(out: Path, version: DatasetVersion) -> Path:
    return out / f"{_stem(version)}-export.json"


def _before(out: Path, version: DatasetVersion) -> Exported:
    """Return what a folder's list says of a version; nothing, where it is of another."""
    fresh = Exported(dataset=version.dataset, version=version.version, hash=version.hash)
    try:
        known = Exported.parse(json.loads(_list(out, version).read_bytes()))
    except (FileNotFoundError, ValueError, InvalidInput):
        return fresh
    return known if known.hash == version.hash else fresh


def _is_done(path: Path, known: ExportedFile | None, format: str) -> bool:
    """Say whether a file is there and as its list says."""
    if known is None or known.format != format or not path.is_file():
        return False
    return path.stat().st_size == known.bytes and _sha256(path) == known.sha256


def _file_of(path: Path, format: str, split: Split, count: int) -> ExportedFile:
    size, sha256 = path.stat().st_size, _sha256(path)
    return ExportedFile(format=format, split=split, examples=count, bytes=size, sha256=sha256)


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _write_list(path: Path, told: Exported) -> None:
    with _draft(path) as draft:
        draft.write_text(json.dumps(told.to_map(), indent=2) + "\n", encoding="utf-8")


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Give a draft that becomes the file once it is whole, and is gone if that fails."""
    fd, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(fd)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _written(out: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidInput(f"{out} is no folder", field="out", mend="name a folder") from error
    except OSError as error:
        raise Unavailable(
            f"{error.filename or out}: {error.strerror}",
            field="out",
            mend="free its disk or mend its rights, and export again: what is done is kept",
        ) from error
