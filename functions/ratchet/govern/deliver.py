"""Tell the sinks what has become of alerts: at least once, each turn under one id."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ratchet.govern.alerts import alert, clear_alert, find_alert, raise_alert
from ratchet.govern.alerts.alert import Alert, Sent
from ratchet.govern.alerts.due import SINK_FAILED, step, was_refused, was_skipped, was_told
from ratchet.govern.alerts.settings import AlertSettings, SinkSpec
from ratchet.govern.config import ConfigReader
from ratchet.govern.sinks import SINKS
from ratchet.govern.sinks.sink import Outlets, is_about_all
from ratchet.kernel.clock import DAY, Clock
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import InvalidInput, Misconfigured, RatchetError
from ratchet.store.port import Filter, Query, Snapshot, Store
from ratchet.store.transact import Transaction

# How many one sink is told in one run, and for how long; the rest comes in the next.
MOST = 100
LONGEST = timedelta(seconds=15)


class DeliveryReport(Model):
    """How often sinks were told, what waits for its time, and the sinks that failed, with why."""

    told: int = 0
    waiting: int = 0
    failed: dict[str, str] = {}


@dataclass
class _Sink:
    """One sink in one run."""

    name: str
    spec: SinkSpec
    told: int = 0
    took: timedelta = timedelta(0)
    fault: RatchetError | None = None
    stopped: bool = False  # it failed as a whole: the other alerts would not get through either
    lost: bool = False  # an alert was given up, or nothing gets through before a person mends it

    @property
    def is_spent(self) -> bool:
        """Whether it is told no more in this run."""
        return self.stopped or self.told >= MOST or self.took >= LONGEST


@dataclass
class _Run:
    store: Store
    outlets: Outlets
    clock: Clock
    now: datetime
    sinks: list[_Sink]
    waiting: int = 0
    done: dict[str, Sent] = field(default_factory=dict)


def deliver_alerts(
    store: Store, reader: ConfigReader, *, outlets: Outlets, clock: Clock
) -> DeliveryReport:
    """Tell each sink what turned since it was told last; one that fails or is slow stops no other.

    Where nothing turned it is one query that finds nothing. `unsent` is a flag, but no queue that
    grows: there is one document for each matter, and it is set again in place.
    """
    settings = reader.read(AlertSettings)
    sinks = [_Sink(name, spec) for name, spec in settings.sinks.items()]
    run = _Run(store, outlets, clock, clock(), sinks)
    for unsent in _unsent(store):
        _deliver(run, unsent)
    for sink in sinks:
        _tell_of(run, sink)
    return DeliveryReport(
        told=sum(sink.told for sink in sinks),
        waiting=run.waiting,
        failed={sink.name: sink.fault.message for sink in sinks if sink.fault},
    )


def tell_sink(name: str, spec: SinkSpec, about: Alert, outlets: Outlets) -> None:
    """Tell one sink one alert.

    Raises: Misconfigured, Unavailable, Refused; the message begins with the sink's name.
    """
    kind = SINKS[spec.kind]
    try:
        kind.tell(kind.settings.parse(spec.settings), about, outlets)
    except RatchetError as error:
        told = f"{name}: {error.message}"
        raise type(error)(told, field=error.field, mend=error.mend) from error


def _unsent(store: Store) -> list[Alert]:
    """Return what some sink was not told yet, oldest first; one that is broken is left out."""
    stored = store.stream(Query(Alert.collection, (Filter("unsent", "==", True),)))
    found = each(stored, _in_place, lambda error: None)
    return sorted(found, key=lambda about: about.turned_at or about.last_seen)


def _in_place(stored: Snapshot) -> Alert:
    """Return an alert; one that was renamed by hand would be told at every look, for ever.

    Raises: InvalidInput.
    """
    about = Alert.from_store(stored.data)
    if about.key() != stored.ref.id:
        raise InvalidInput(f"{stored.ref} is about {about.key()}", field="subject")
    return about


def _deliver(run: _Run, about: Alert) -> None:
    """Tell the sinks of one alert, and keep what became of it before the next."""
    outcome = dict(_outcomes(run, about))
    open_ends = [sink.name for sink in run.sinks if _is_open(about, outcome, sink.name)]
    run.waiting += bool(open_ends)
    if outcome or not open_ends:
        _keep(run, about, outcome)


def _outcomes(run: _Run, about: Alert) -> Iterator[tuple[str, Sent]]:
    for sink in run.sinks:
        todo = step(about, sink.name, sink.spec, now=run.now)
        if todo == "skip":
            yield sink.name, was_skipped(about, sink.name)
        elif todo == "tell" and not sink.is_spent:
            yield sink.name, _told(run, sink, about)


def _told(run: _Run, sink: _Sink, about: Alert) -> Sent:
    began = run.clock()
    try:
        tell_sink(sink.name, sink.spec, about, run.outlets)
    except RatchetError as error:
        sent = was_refused(about, sink.name, error.message, now=run.now)
        sink.fault = error
        sink.stopped = is_about_all(error)
        sink.lost |= isinstance(error, Misconfigured) or sent.turn >= about.turn
        return sent
    finally:
        sink.took += run.clock() - began
    sink.told += 1
    return was_told(about, sink.name, now=run.now)


def _is_open(about: Alert, outcome: Mapping[str, Sent], name: str) -> bool:
    sent = outcome.get(name) or about.sent.get(name, Sent())
    return sent.turn < about.turn


def _keep(run: _Run, about: Alert, outcome: Mapping[str, Sent]) -> None:
    """Keep what became of it; one that has turned meanwhile stays unsent."""
    names = [sink.name for sink in run.sinks]

    def keep(tx: Transaction) -> None:
        seen = find_alert(tx, about)
        if seen is None:
            return
        newer = {n: sent for n, sent in outcome.items() if not _is_ahead(seen, n, sent)}
        known = dict(seen.sent) | newer
        sent = {name: known[name] for name in names if name in known}
        unsent = any(_is_open(seen, sent, name) for name in names)
        tx.put(seen.model_copy(update={"sent": sent, "unsent": unsent}))

    run.store.transact(keep, self_checking=True)  # the same again changes nothing


def _is_ahead(seen: Alert, name: str, sent: Sent) -> bool:
    """Say whether somebody else has told a later turn meanwhile."""
    return name in seen.sent and seen.sent[name].turn > sent.turn


def _tell_of(run: _Run, sink: _Sink) -> None:
    """Tell by the other sinks of one that does not work, or that it works again."""
    if sink.fault is None:
        if sink.told:
            clear_alert(run.store, SINK_FAILED, sink.name, now=run.now, note="it works again")
        return
    if not sink.lost:
        return
    about = alert(
        SINK_FAILED,
        sink.name,
        "warning",
        f"alerts do not reach the sink {sink.fault.message}",
        now=run.now,
        command=f"ratchet alerts test-sink {sink.name}",
        evidence=sink.fault.as_dict(),
    )
    raise_alert(run.store, about, quiet=DAY)
