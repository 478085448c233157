"""A backup on disk: lines that are reversible, and every damage found and named."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from pprint import pformat
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ratchet.entry.archive import Manifest, from_line, is_ours, read_manifest, to_line
from ratchet.entry.backup import back_up
from ratchet.entry.restore import open_backup
from ratchet.kernel.errors import InvalidInput, NotFound, UnknownSchema
from ratchet.store.port import Ref
from ratchet.store.sqlite import SqliteStore
from tests.support.backups import everything, lived
from tests.support.governed import KEYS

SECRET = "a secret of the tests, 32 bytes."
# In UTC an hour is never told twice, so `fold` says nothing, and hypothesis sets it all the same.
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
    | INSTANTS
)
NAMES = st.text(min_size=1).filter(lambda name: not (name[:2] == "__" == name[-2:]))
VALUES = st.recursive(
    SCALARS,
    lambda v: (
        st.lists(v.filter(lambda item: not isinstance(item, list))) | st.dictionaries(NAMES, v)
    ),
    max_leaves=12,
)


@given(st.text(min_size=1, max_size=40), st.dictionaries(NAMES, VALUES, max_size=4))
def test_a_document_comes_back_from_its_line_with_the_same_types(
    key: str, data: dict[str, Any]
) -> None:
    ref = Ref("ops_things", key)
    try:
        line = to_line(ref, data)
    except InvalidInput:
        assume(False)  # an id or a depth that no store takes
        raise
    assert line.count(b"\n") == 1
    found, back = from_line("ops_things", line)
    assert found == ref
    assert back == data
    assert pformat(back) == pformat(data)


def test_a_line_is_json_that_other_programs_read() -> None:
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    data = {"n": 1, "x": 1.0, "at": at, "raw": b"\x00\xff", "text": "a\nü\u2028"}
    assert json.loads(to_line(Ref("ops_things", 'a"b'), data)) == {
        "id": 'a"b',
        "data": {
            "n": 1,
            "x": 1.0,
            "at": {"__t__": 1767268800000000},
            "raw": {"__b__": "AP8="},
            "text": "a\nü\u2028",
        },
    }


@pytest.mark.parametrize("data", [{"n": float("nan")}, {"__t__": 1}, {"n": [[1]]}, {"n": 2**63}])
def test_a_document_that_no_store_would_take_is_refused_by_name(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="ops_things/x cannot be restored") as refused:
        to_line(Ref("ops_things", "x"), data)
    assert refused.value.field == "ops_things/x"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b'{"id": "x", "data": {}}',
        b"[]\n",
        b'{"id": "x"}\n',
        b'{"id": 1, "data": {}}\n',
        b'{"id": "x", "data": []}\n',
        b'{"id": "x", "data": {}, "more": 1}\n',
        b'{"id": "x", "data": {"at": {"__t__": "noon"}}}\n',
        b'{"id": "x", "data": {"at": {"__t__": 1e300}}}\n',
        b'{"id": "x", "data": {"raw": {"__b__": 1}}}\n',
        b'{"id": "x", "data": {"a": "\xff"}}\n',
        b'{"id": "x", "data": ' + b'{"a":' * 100_000 + b"\n",
        b"\x00\x00\x00\n",
    ],
    ids=range(13),
)
def test_a_line_that_holds_no_document_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_line("ops_things", line)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("config", True),
        ("ops_audit", True),
        ("users", False),
        ("ops_a-b", False),
        ("configs", False),
    ],
)
def test_only_collections_of_ratchet_are_ours(name: str, ours: bool) -> None:
    assert is_ours(name) is ours


@pytest.fixture
def backup(embedded: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RATCHET_KEY", SECRET)
    back_up(lived(embedded), Path("backup"))
    return Path("backup")


def edit(path: Path, old: bytes, new: bytes) -> None:
    text = path.read_bytes()
    assert text.count(old) >= 1
    path.write_bytes(text.replace(old, new, 1))


def cut(path: Path, by: int) -> None:
    path.write_bytes(path.read_bytes()[:-by])


def drop_last_line(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def swap_lines(path: Path) -> None:
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([second, first, *rest]))


def become_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def hash_again(folder: Path) -> None:
    """Change a document and the manifest with it, as somebody without the key would."""
    path = folder / "ops_policies.jsonl"
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(path, b"0.6", b"0.9")
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    edit(folder / "manifest.json", before.encode(), after.encode())


AUDIT = "ops_audit.jsonl"
DAMAGES: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "cut off": (lambda f: cut(f / AUDIT, 9), AUDIT, "line 6: the line is cut off"),
    "a line less": (lambda f: drop_last_line(f / AUDIT), AUDIT, "holds 5 documents, .* says 6"),
    "changed": (lambda f: edit(f / AUDIT, b"ada", b"eve"), AUDIT, "its hash is not"),
    "swapped": (lambda f: swap_lines(f / AUDIT), AUDIT, "its hash is not"),
    "no JSON": (lambda f: edit(f / AUDIT, b"{", b"("), AUDIT, "line 1"),
    "not storable": (lambda f: edit(f / AUDIT, b'"v": 1', b'"v": NaN'), AUDIT, "line 1: v is nan"),
    "empty": (lambda f: (f / AUDIT).write_bytes(b""), AUDIT, "holds 0 documents"),
    "missing": (lambda f: (f / AUDIT).unlink(), AUDIT, "is missing"),
    "extra": (lambda f: (f / "ops_x.jsonl").touch(), "ops_x.jsonl", "is not of this backup"),
    "other": (lambda f: (f / "notes.txt").touch(), "notes.txt", "is not of this backup"),
    "a folder": (lambda f: become_folder(f / AUDIT), AUDIT, "cannot read"),
    "manifest cut": (lambda f: cut(f / "manifest.json", 9), "manifest.json", "no JSON"),
    "manifest empty": (
        lambda f: (f / "manifest.json").write_text("{}"),
        "manifest.json",
        "its format is not",
    ),
    "manifest of another": (
        lambda f: edit(f / "manifest.json", b"ratchet-backup", b"other-backup"),
        "manifest.json",
        "its format is not",
    ),
    "manifest edited": (
        lambda f: edit(f / "manifest.json", b'"count": 6', b'"count": 5'),
        "manifest.json",
        "its signature is not the key's",
    ),
    "all edited": (hash_again, "manifest.json", "its signature is not the key's"),
    "path": (
        lambda f: edit(f / "manifest.json", b'"ops_audit"', b'"../ops_audit"'),
        "manifest.json",
        "no collection of Ratchet's",
    ),
    "field gone": (
        lambda f: edit(f / "manifest.json", b'"fingerprint"', b'"print"'),
        "manifest.json",
        "fingerprint: Field required",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_backup_is_refused_by_file_before_a_store_is_made(
    backup: Path, name: str
) -> None:
    damage, field, told = DAMAGES[name]
    damage(backup)
    with pytest.raises(InvalidInput, match=told) as refused:
        open_backup(backup, "sqlite:///target.db")
    assert refused.value.field == field
    assert refused.value.mend
    assert [path.name for path in Path().iterdir()] == ["backup"]


def test_a_backup_that_is_whole_opens_a_store(backup: Path, embedded: SqliteStore) -> None:
    app, manifest = open_backup(backup, "memory:")
    assert manifest.documents == len(everything(embedded))
    app.store.close()


@pytest.mark.parametrize("command", ["same", "other"])
def test_a_manifest_of_a_newer_format_wants_an_upgrade(backup: Path, command: str) -> None:
    edit(backup / "manifest.json", b'"version": 1', b'"version": 2')
    if command == "other":
        edit(backup / "manifest.json", b'"format"', b'"more": {}, "format"')
    with pytest.raises(UnknownSchema, match="format 2, this program knows 1") as refused:
        open_backup(backup, "memory:")
    assert refused.value.mend == "upgrade ratchet"


def test_a_folder_without_a_manifest_is_no_backup(backup: Path) -> None:
    (backup / "manifest.json").unlink()
    with pytest.raises(NotFound, match="holds no backup: it has no manifest"):
        read_manifest(backup)
    (backup / "unfinished.json").write_text("{}")
    with pytest.raises(NotFound, match="holds an unfinished backup") as refused:
        read_manifest(backup)
    assert "ratchet backup" in refused.value.mend


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_what_is_no_folder_is_no_backup(backup: Path, name: str) -> None:
    Path("file").touch()
    with pytest.raises(NotFound, match=f"{name} is no folder"):
        read_manifest(Path(name))


def test_a_manifest_is_signed_by_one_key_over_everything_in_it(backup: Path) -> None:
    manifest = read_manifest(backup)
    assert manifest.is_signed(KEYS)
    later = manifest.model_copy(update={"collections": {}})
    assert not later.is_signed(KEYS)
    assert not Manifest.parse(manifest.to_wire() | {"takenAt": 1}).is_signed(KEYS)


def test_the_key_is_nowhere_in_a_backup(backup: Path) -> None:
    whole = b"".join(path.read_bytes() for path in backup.iterdir())
    for secret in (SECRET.encode(), KEYS.audit, KEYS.signing, KEYS.units):
        assert secret not in whole
        assert secret.hex().encode() not in whole
