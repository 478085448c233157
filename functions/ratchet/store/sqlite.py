"""SqliteStore: the embedded store, a file or memory, for several threads and processes."""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from ratchet.kernel.clock import micros
from ratchet.kernel.errors import AlreadyExists, Conflict, NotFound, TooLarge, Unavailable
from ratchet.store.by_commit import ByCommit, ReadOnly
from ratchet.store.database_file import is_still, own_file
from ratchet.store.encoding import TIME, from_json, to_json
from ratchet.store.limits import MAX_COMMIT, check_collection, check_document, check_id
from ratchet.store.port import NAME, Query, Ref, Snapshot, Write
from ratchet.store.sql import beyond, is_passed, matching, typed, value_of

_PAGE = 500
_MEMORY = ":memory:"
UNREADABLE = "unreadable"
# As in Firestore, a write that changes nothing leaves the token.
_CHANGE = "token = CASE data WHEN {0} THEN token ELSE {1} END, data = {0}"


class SqliteStore(ByCommit):
    """Documents as JSON, one table a collection, in WAL mode.

    An index over the fields of each query shape is made when the shape is first asked for.
    """

    def __init__(self, path: str = _MEMORY) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            self._file = None if path == _MEMORY else own_file(path)
            self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._db.isolation_level = None
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"cannot open {path}: {error}", mend="check the path") from error
        self._tables: set[str] = set()
        self._indexes: set[str] = set()

    def get(self, ref: Ref) -> Snapshot | None:
        """Return one document, or None where there is none."""
        check_id(*ref)
        table = self._table(ref.collection)
        with self._locked():
            row = self._db.execute(
                f"SELECT id, data, token FROM {table} WHERE id = ?", (ref.id,)
            ).fetchone()
        return _snapshot(ref.collection, row) if row else None

    def get_many(self, refs: Sequence[Ref]) -> list[Snapshot | None]:
        """Return documents in the order asked for."""
        with self._locked():
            return [self.get(ref) for ref in refs]

    def commit(self, writes: Sequence[Write]) -> None:
        """Do all writes or none; Conflict or AlreadyExists names the first guard that failed."""
        rows = [self._row(write) for write in writes]
        if (total := sum(size for _, size in rows)) > MAX_COMMIT:
            raise TooLarge(f"a commit of {total} bytes, the limit is {MAX_COMMIT}")
        for collection in {write.ref.collection for write in writes}:
            self._table(collection)
        with self._locked():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for write, (text, _) in zip(writes, rows, strict=True):
                    self._apply(write, text)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def query(self, query: Query) -> list[Snapshot]:
        """Return the documents of a query."""
        rows: list[Any] = []
        with self._locked():
            for sql, values in self._selects("id, data, token", query):
                rows += self._db.execute(sql, values).fetchall()
                if query.limit is not None and len(rows) >= query.limit:
                    break
        return [_snapshot(query.collection, row) for row in rows[: query.limit]]

    def stream(self, query: Query) -> Iterator[Snapshot]:
        """Yield the documents of a query a page at a time."""
        left = query.limit
        while left is None or left > 0:
            page_size = _PAGE if left is None else min(_PAGE, left)
            page = self.query(replace(query, limit=page_size))
            yield from page
            if len(page) < page_size:
                return
            left = None if left is None else left - len(page)
            query = query.after(page[-1], left)

    def count(self, query: Query) -> int:
        """Count the documents of a query without reading them."""
        counted = 0
        with self._locked():
            for sql, values in self._selects("1", query):
                found = self._db.execute(f"SELECT COUNT(*) FROM ({sql})", values).fetchone()
                counted += int(found[0])
        return counted if query.limit is None else min(counted, query.limit)

    def expire(self, collection: str, before: datetime) -> int:
        """Remove documents whose `expireAt` is past, as Firestore's TTL service would."""
        table = self._table(collection)
        with self._locked():
            done = self._db.execute(
                f"DELETE FROM {table} WHERE json_extract(data, '$.expireAt.{TIME}') <= ?",
                (micros(before),),
            )
            return done.rowcount

    def collections(self) -> list[str]:
        """Return the names of the collections that hold documents, in order."""
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%'"
        with self._locked():
            names = [n for (n,) in self._db.execute(f"{sql} ESCAPE '^'") if NAME.fullmatch(n)]
            filled = "SELECT EXISTS (SELECT 1 FROM {})"
            return sorted(
                n for n in names if self._db.execute(filled.format(_quoted(n))).fetchone()[0]
            )

    @contextmanager
    def snapshot(self, moment: str | None = None) -> "Iterator[FrozenSqlite]":
        """Open the store as it is now, or as it was at a moment since which nothing changed.

        Raises: NotFound where something did.
        """
        frozen = FrozenSqlite(self._path)
        try:
            if self._path == _MEMORY:
                with self._locked():
                    self._db.backup(frozen._db)
            frozen._begin()
            if moment is not None and frozen.moment != moment:
                raise NotFound("the store was written to since then", field="moment")
            yield frozen
        finally:
            frozen.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _row(self, write: Write) -> tuple[str, int]:
        if write.kind == "delete":
            check_id(*write.ref)
            return "", 0
        size = check_document(*write.ref, write.data)
        return to_json(write.data), size

    def _apply(self, write: Write, text: str) -> None:
        table, key = _quoted(write.ref.collection), write.ref.id
        values: tuple[Any, ...]
        if write.kind == "create":
            try:
                sql = f"INSERT INTO {table} (id, data, token) VALUES (?, ?, ?)"
                self._db.execute(sql, (key, text, _token()))
            except sqlite3.IntegrityError as error:
                raise AlreadyExists(f"{write.ref} exists already", field="id") from error
            return
        if write.kind == "delete":
            sql = f"DELETE FROM {table} WHERE id = ?1 AND token = COALESCE(?2, token)"
            values = (key, write.token)
        elif write.token is not None:
            sql = f"UPDATE {table} SET {_CHANGE.format('?1', '?2')} WHERE id = ?3 AND token = ?4"
            values = (text, _token(), key, write.token)
        else:
            change = _CHANGE.format("excluded.data", "excluded.token")
            sql = (
                f"INSERT INTO {table} (id, data, token) VALUES (?, ?, ?)"
                f" ON CONFLICT (id) DO UPDATE SET {change}"
            )
            values = (key, text, _token())
        if self._db.execute(sql, values).rowcount == 0 and write.token is not None:
            raise Conflict(f"{write.ref} was changed by somebody else", mend="read it again")

    def _selects(self, columns: str, query: Query) -> list[tuple[str, tuple[Any, ...]]]:
        """Return the statements that together are a query, in order; each seeks in the index."""
        table = self._table(query.collection)
        conditions: list[str] = []
        values: list[Any] = []
        first = next(iter(query.ordering()), None)
        for condition in query.where:
            if query.start_after and first and is_passed(condition, first, query.start_after[0]):
                conditions.append(typed(condition))
                continue
            sql, bound = matching(condition)
            conditions.append(sql)
            values.extend(bound)
        keys = [(value_of(name), descending) for name, descending in query.ordering()]
        conditions += [f"{expression} IS NOT NULL" for expression, _ in keys]
        keys.append(("id", query.descending))
        self._ensure_index(query)
        limit = f" LIMIT {int(query.limit)}" if query.limit is not None else ""
        out = []
        for after, bound, rest in beyond(keys, query.start_after):
            order = ", ".join(f"{e} DESC" if descending else e for e, descending in rest)
            both = [*conditions, *after]
            where = f" WHERE {' AND '.join(both)}" if both else ""
            sql = f"SELECT {columns} FROM {table}{where} ORDER BY {order}{limit}"
            out.append((sql, (*values, *bound)))
        return out

    def _ensure_index(self, query: Query) -> None:
        equal = sorted(f.field for f in query.where if f.op in ("==", "in"))
        names = dict.fromkeys([*equal, *(name for name, _ in query.ordering())])
        if not names:
            return
        label = "__".join([query.collection, *(n.replace(".", "_") for n in names)])
        if label in self._indexes:
            return
        columns = ", ".join([*map(value_of, names), "id"])
        with self._locked():
            table = _quoted(query.collection)
            self._db.execute(f'CREATE INDEX IF NOT EXISTS "{label}" ON {table} ({columns})')
        self._indexes.add(label)

    def _table(self, collection: str) -> str:
        if collection not in self._tables:
            check_collection(collection)
            with self._locked():
                self._db.execute(
                    f"CREATE TABLE IF NOT EXISTS {_quoted(collection)}"
                    " (id TEXT PRIMARY KEY, data TEXT NOT NULL, token INTEGER NOT NULL)"
                )
            self._tables.add(collection)
        return _quoted(collection)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            if self._file is not None and not is_still(self._path, self._file):
                raise Unavailable(f"{self._path} was moved or removed", mend="start again")
            try:
                yield
            except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
                raise Unavailable(f"{self._path}: {error}", mend="try again") from error


class FrozenSqlite(ReadOnly, SqliteStore):
    """A database as one read transaction of a connection of its own sees it.

    Memory has no second connection, so it is copied.
    """

    @property
    def moment(self) -> str:
        """Return a hash over every token: another write gives another one."""
        digest = hashlib.sha256()
        sums = "SELECT COUNT(*), SUM(token & 0x7fffffff), SUM(token >> 31) FROM {}"
        with self._locked():
            for name in self.collections():
                found = self._db.execute(sums.format(_quoted(name))).fetchone()
                digest.update(repr((name, found)).encode())
        return digest.hexdigest()[:32]

    def _begin(self) -> None:
        """Start the transaction; the first read is what fixes the moment."""
        with self._locked():
            self._db.execute("PRAGMA query_only=ON")
            self._db.execute("BEGIN")
            found = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            self._tables = {name for (name,) in found}

    def _table(self, collection: str) -> str:
        check_collection(collection)
        if collection in self._tables:
            return _quoted(collection)
        return "(SELECT '' AS id, '' AS data, 0 AS token LIMIT 0)"

    def _ensure_index(self, query: Query) -> None:
        """Make do with the indexes there are."""


def _quoted(collection: str) -> str:
    return f'"{collection}"'


def _token() -> int:
    return secrets.randbits(62)


def _snapshot(collection: str, row: tuple[str, str, int]) -> Snapshot:
    try:
        data = from_json(row[1])
    except ValueError:  # somebody edited the file; whoever parses it says so
        data = {UNREADABLE: row[1]}
    return Snapshot(Ref(collection, row[0]), data, row[2])
