"""Fill the review queue: each agent's draw is kept first, and then put into the queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from ratchet.govern.alerts import Alert, alert, raise_alert
from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import micros
from ratchet.kernel.document import Model
from ratchet.kernel.each import each
from ratchet.kernel.errors import Conflict, InvalidInput, RatchetError
from ratchet.labels.review.enqueue import enqueue
from ratchet.labels.select.frames import Frames, Span, known_agents, read_frames
from ratchet.labels.select.items import draw_items
from ratchet.labels.select.pick import pick, seeded
from ratchet.labels.select.progress import close_agents, close_night, keep_draw, read_progress
from ratchet.labels.select.review_draw import REVIEW_DRAWS, ReviewDraw, draw_key
from ratchet.labels.settings import ReviewSettings
from ratchet.observe.settings import Ingest
from ratchet.store.named import naming
from ratchet.store.port import Filter, Query, Ref, Store

EARLIER = timedelta(days=1)  # a label may bear an instant before its observation came in


class Filled(Model):
    """What one draw came to: candidates nobody was asked about yet, and how many are asked now."""

    agent: str
    candidates: int
    groups: int
    drawn: int
    added: int


class FillReport(Model):
    """What a fill did. `spoiled` counts documents that could not be read.

    `drawn` is how many the draw of the day took before, of the agents that had it already.
    """

    added: int = 0
    drawn: int | None = None
    agents: tuple[Filled, ...] = ()
    failed: tuple[str, ...] = ()
    spoiled: int = 0


def fill_review_queue(
    store: Store,
    reader: ConfigReader,
    *,
    now: datetime,
    agent: str | None = None,
    top: int | None = None,
    known: bool = False,
) -> FillReport:
    """Ask people about the subjects of one agent, or of all, that would teach most.

    Without `top` it is the draw of the day, which happens once however often it is asked for; with
    it, it is a draw of its own. What was drawn and did not reach the queue is put there first.
    With `known`, as every night, it is about the agents alone that have labels or judges' weights,
    and reads what is new of them: who uses none of this pays for none of it.

    Raises: InvalidInput for a `top` that the configuration does not allow.
    """
    settings = reader.read(ReviewSettings)
    if top is not None and not 1 <= top <= settings.top:
        raise InvalidInput(
            f"1 to {settings.top} are asked about, not {top}",
            field="top",
            mend=f"ratchet review fill --top {settings.top}",
        )
    until = now - reader.read(Ingest).lag
    night = _Fill(store, settings, now, top, until)
    night.finish()
    if night.n:
        night.draw(agent, known_agents(store) if known else None)
    return night.report()


@dataclass
class _Fill:
    """One fill on its way."""

    store: Store
    settings: ReviewSettings
    now: datetime
    top: int | None
    until: datetime
    filled: list[Filled] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    spoiled: list[RatchetError] = field(default_factory=list)
    drawn: int | None = None

    @property
    def n(self) -> int:
        """Return how many are drawn for each agent."""
        return self.settings.nightly if self.top is None else self.top

    @property
    def name(self) -> str:
        """Return the name of the draw: the day, or the instant of a command."""
        return f"{self.now:%Y%m%d}" if self.top is None else f"at{micros(self.now)}"

    def finish(self) -> None:
        """Put into the queue what was drawn before and did not get there."""
        where = (Filter("enqueued", "==", False),)
        stored = self.store.stream(Query(REVIEW_DRAWS, where))
        left = each(stored, naming(lambda s: ReviewDraw.from_store(s.data)), self.spoiled.append)
        for draw in list(left):
            self._try(draw.agent, partial(self._enqueue, draw))

    def draw(self, agent: str | None, those: frozenset[str] | None) -> None:
        """Draw for one agent, for those, or for all; one that fails stops no other."""
        start = self.now - timedelta(days=self.settings.window_days)
        span = Span(start, self.until, read_progress(self.store), agent, those)
        frames = read_frames(self.store, span, self.spoiled.append, wanted=self.n)
        undrawn = self._undrawn(sorted(frames))
        for name in undrawn:
            self._try(name, partial(self._ask, name, frames[name], span))
        if self.failed or len(undrawn) < len(frames):
            return
        if those is not None:
            close_agents(self.store, those - frames.keys(), self.until)
        elif agent is None and self.top is None:
            close_night(self.store, self.until)

    def report(self) -> FillReport:
        """Return what it did, and tell of what could not be read."""
        if self.spoiled:
            raise_alert(self.store, self._unread())
        return FillReport(
            added=sum(one.added for one in self.filled),
            drawn=self.drawn,
            agents=tuple(self.filled),
            failed=tuple(self.failed),
            spoiled=len(self.spoiled),
        )

    def _undrawn(self, agents: Sequence[str]) -> list[str]:
        """Return the agents without a draw of this name."""
        refs = [Ref(REVIEW_DRAWS, draw_key(agent, self.name)) for agent in agents]
        there = self.store.get_many(refs) if refs else []
        if known := [len(found.data.get("drawn", ())) for found in there if found is not None]:
            self.drawn = sum(known)
        return [agent for agent, found in zip(agents, there, strict=True) if found is None]

    def _try(self, agent: str, act: Callable[[], None]) -> None:
        try:
            act()
        except (Conflict, InvalidInput) as error:
            self._fail(agent, error)

    def _ask(self, agent: str, frames: Frames, span: Span) -> None:
        """Draw for one agent, keep it, and put it into the queue."""
        drawn = self._drawn(agent, frames, span)
        self._enqueue(keep_draw(self.store, drawn, span.before))

    def _drawn(self, agent: str, frames: Frames, span: Span) -> ReviewDraw:
        picked = pick(
            self.store,
            agent,
            frames,
            self.n,
            settings=self.settings,
            since=span.start - EARLIER,
            rng=seeded(agent, self.name),
            tell=self.spoiled.append,
        )
        return ReviewDraw(
            agent=agent,
            name=self.name,
            since=span.since(agent),
            until=self.until,
            candidates=picked.candidates,
            groups=picked.groups,
            classes=picked.classes,
            drawn=picked.drawn,
            drawn_at=self.now,
            expire_at=self.now + timedelta(days=self.settings.keep_days),
        )

    def _enqueue(self, draw: ReviewDraw) -> None:
        added = enqueue(self.store, draw_items(self.store, draw, self.spoiled.append), now=self.now)
        done = draw.model_copy(update={"enqueued": True})
        self.store.set(Ref(done.collection, done.key()), done.to_map())
        self.filled.append(
            Filled(
                agent=draw.agent,
                candidates=draw.candidates,
                groups=draw.groups,
                drawn=len(draw.drawn),
                added=added,
            )
        )

    def _fail(self, agent: str, error: RatchetError) -> None:
        self.failed.append(agent)
        about = alert(
            "selection-failed",
            agent,
            "warning",
            f"nothing of {agent} was selected for review: {error.message}",
            now=self.now,
            evidence=error.as_dict(),
            command=f"ratchet review fill --agent {agent}",
        )
        raise_alert(self.store, about)

    def _unread(self) -> Alert:
        return alert(
            "selection-unread",
            "ops_review_draws",
            "warning",
            f"{len(self.spoiled)} documents were left out of the selection: {self.spoiled[0]}",
            now=self.now,
            evidence=self.spoiled[0].as_dict(),
            command="mend or delete the document that the evidence names",
        )
