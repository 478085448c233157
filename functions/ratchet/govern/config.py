"""Configuration documents: edited by hand, parsed strictly, last good value kept, safe default."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar, cast

from pydantic import ValidationError

from ratchet.govern.alerts import Alert, alert, clear_alert, raise_alert
from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Document
from ratchet.kernel.errors import InvalidConfig, RatchetError
from ratchet.kernel.fault import WHOLE, first_fault
from ratchet.kernel.ids import join_key
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction


class Config(Document):
    """A document `config/{name}`; its field defaults are the safe default."""

    collection: ClassVar[str] = "config"
    name: ClassVar[str]
    ttl: ClassVar[timedelta] = timedelta(minutes=1)
    keeps_last_good: ClassVar[bool] = True

    @classmethod
    def parse(cls, data: Any) -> Self:
        """Return the value of a map; `"true"` is no truth value, and `"4"` no number.

        Raises: InvalidConfig that names the first wrong field.
        """
        try:
            return cls.model_validate(data, strict=True)
        except ValidationError as error:
            field, reason = first_fault(error, cls)
            where = f"config/{cls.name}" if field == WHOLE else f"config/{cls.name}: {field}"
            raise InvalidConfig(
                f"{where}: {reason}", field=field, mend="mend that field"
            ) from error

    def key(self) -> str:
        """Return the name, which every document of the kind shares."""
        return self.name

    def loaded(self, store: Store) -> None:
        """Do what must be done before the value is used."""


C = TypeVar("C", bound=Config)

CHECKPOINTS = "ops_checkpoints"
QUIET = timedelta(hours=1)
CONFIG_BROKEN = "config-broken"
BROKEN = "broken"  # in what is kept: an alert may stand, which whoever can read clears


def last_good_ref(kind: type[Config]) -> Ref:
    """Return where the last value that parsed is kept."""
    return Ref(CHECKPOINTS, join_key("config", kind.name))


@dataclass(frozen=True)
class _Cached:
    value: Config
    until: datetime


class ConfigReader:
    """Reads configuration through a cache, for one process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._cache: dict[type[Config], _Cached] = {}
        self._locks: dict[type[Config], threading.Lock] = defaultdict(threading.Lock)

    def read(self, kind: type[C]) -> C:
        """Return a configuration, at most its `ttl` old; one thread reads it for them all."""
        found = self._cached(kind)
        if found is not None:
            return found
        with self._locks[kind]:
            found = self._cached(kind)  # another thread may have been first
            if found is not None:
                return found
            now = self._clock()
            value = load_config(self._store, kind, now=now)
            value.loaded(self._store)
            self._cache[kind] = _Cached(value, now + kind.ttl)
        return value

    def _cached(self, kind: type[C]) -> C | None:
        now, cached = self._clock(), self._cache.get(kind)
        # A clock that was set back must not keep a value alive.
        fresh = cached is not None and now < cached.until <= now + kind.ttl
        return cast(C, cached.value) if cached is not None and fresh else None

    def forget(self, kind: type[Config]) -> None:
        """Read it anew next time."""
        self._cache.pop(kind, None)


def load_config(store: Store, kind: type[C], *, now: datetime) -> C:
    """Read a configuration now: the document, else its last good value, else the safe default.

    A document that is broken raises an alert, at most once an hour; one that parses again ends it.
    """
    ref, kept_ref = Ref(kind.collection, kind.name), last_good_ref(kind)
    found, kept = store.get_many([ref, kept_ref])
    marked: dict[str, Any] = kept.data if kept else {"v": 1}
    good = marked.get("value")
    try:
        value = kind.from_store(found.data) if found else _fallback(kind, good)
    except RatchetError as error:
        raise_alert(store, broken_config(kind, error, now), quiet=QUIET)
        if not marked.get(BROKEN):
            store.set(kept_ref, marked | {BROKEN: True})
        return _fallback(kind, good)
    if kind.keeps_last_good and found:
        good = found.data
    if marked.get(BROKEN):
        clear_alert(store, CONFIG_BROKEN, kind.name, now=now)
    if marked.get(BROKEN) or good != marked.get("value"):
        store.set(kept_ref, {"v": 1} | ({} if good is None else {"value": good}))
    return value


def keep_good(tx: Transaction, kind: type[Config], data: Mapping[str, Any]) -> None:
    """Keep a value as the last good one, where its kind is kept; what was broken stays marked.

    The next reader clears the alert. Where the body has written before, it has read that document.
    """
    if kind.keeps_last_good:
        (kept,) = tx.fetch([last_good_ref(kind)])
        tx.set(last_good_ref(kind), (kept.data if kept else {"v": 1}) | {"value": data})


def broken_config(kind: type[Config], error: RatchetError, now: datetime) -> Alert:
    """Return the alert that names the field of a config document that does not parse."""
    return alert(
        CONFIG_BROKEN,
        kind.name,
        "critical" if not kind.keeps_last_good else "warning",
        f"config/{kind.name} does not parse: {error.message}",
        now=now,
        evidence=error.as_dict(),
        command=f"mend the field in config/{kind.name}",
    )


def _fallback(kind: type[C], good: Mapping[str, Any] | None) -> C:
    if kind.keeps_last_good and good is not None:
        try:
            return kind.from_store(good)
        except RatchetError:
            pass
    return kind()
