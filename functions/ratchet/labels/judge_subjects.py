"""Let one configured judge judge what an agent did of late, and it has not judged yet."""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, get_args

from ratchet.govern.config import ConfigReader
from ratchet.kernel.clock import Clock
from ratchet.kernel.document import Model
from ratchet.kernel.errors import InvalidBatch, Misconfigured, NotFound, Refused, Unavailable
from ratchet.labels.judgement import JUDGEMENTS, Position, judgement_key
from ratchet.labels.judges import JUDGES
from ratchet.labels.judges.judge import Case, Judge, Said, Unsaid, Verdict
from ratchet.labels.record_judgements import record_judgements
from ratchet.labels.settings import JudgeSettings, JudgeSpec
from ratchet.observe.browse import Wanted, browse
from ratchet.observe.observation import MAX_BATCH
from ratchet.store.port import Ref, Store

PAGE = 50
READ = MAX_BATCH  # so many are put in order of time: a batch lists its own as it likes
AWAY = 3  # so often in a row unanswered, it is not asked again
SHOWN = 10
TURNS: tuple[Position | None, ...] = (None, "ab")


class JudgeRun(Model):
    """What came of one run: `stopped` says why it ended before all was asked.

    `guessed` are those of which nobody told the cost, so that it is reckoned by their length.
    `unsaid` are not the judge's; `failed` were asked and not answered as they should be. `swapped`
    are the pairs of which another won in the other order. Units: costUsd in US dollars.
    """

    judge: str
    agent: str
    judged: int = 0
    graded: int = 0
    unsaid: int = 0
    failed: int = 0
    swapped: int = 0
    guessed: int = 0
    cost_usd: float = 0.0
    reasons: dict[str, int] = {}
    stopped: str | None = None


def judge_subjects(
    store: Store,
    reader: ConfigReader,
    *,
    judge: str,
    agent: str,
    clock: Clock,
    since: datetime,
    limit: int,
) -> JudgeRun:
    """Judge up to `limit` of an agent's observations since then, the newest first.

    Each is recorded before the next is asked about, so that nothing is paid for twice.

    Raises: NotFound, Refused, Misconfigured, InvalidInput.
    """
    settings = reader.read(JudgeSettings)
    spec = _seated(settings, judge, agent)
    run = _Run()
    with JUDGES[spec.kind].opened(spec.seat(judge, store, clock)) as ask:
        for case in _unjudged(store, reader, judge, spec, agent, since):
            if run.asked >= limit or run.stopped:
                break
            said = run.ask(ask, case)
            if said:
                sent = [_sent(judge, case, verdict) for verdict in said]
                try:
                    taken = record_judgements(store, reader, sent, now=clock(), asked=judge)
                except InvalidBatch as error:  # another run asked it at the same time
                    run.refused(error)
                else:
                    run.counts["graded"] += taken.graded
    return run.report(judge, agent)


class _Run:
    """What has come of a run so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.cost_usd = 0.0
        self.stopped: str | None = None
        self._away = 0

    @property
    def asked(self) -> int:
        return self.counts["judged"] + self.counts["failed"]

    def ask(self, judge: Judge, case: Case) -> tuple[Verdict, ...]:
        """Return the verdicts on a case; why there are none is counted."""
        try:
            said = judge(case)
        except Misconfigured:
            raise
        except Unavailable as error:
            self._away += 1
            self.stopped = str(error) if self._away == AWAY else None
            said = Unsaid(error.message, fault=True)
        except Refused as error:
            self.stopped = str(error)
            return ()
        else:
            self._away = 0
        return self._counted(said)

    def refused(self, error: InvalidBatch) -> None:
        """Count as failed what was judged and is not taken."""
        self.counts["judged"] -= 1
        self.counts["failed"] += 1
        self.reasons[error.rejected[0].reason] += 1

    def _counted(self, said: Said) -> tuple[Verdict, ...]:
        if isinstance(said, Unsaid):
            self.counts["failed" if said.fault else "unsaid"] += 1
            self.reasons[said.why] += 1
            self.counts["guessed"] += said.guessed
            self.cost_usd += said.cost_usd
            return ()
        self.counts["judged"] += 1
        self.counts["guessed"] += any(verdict.guessed for verdict in said)
        self.cost_usd += sum(verdict.cost_usd or 0.0 for verdict in said)
        won = {at: {v.label for v in said if v.position == at} for at in get_args(Position)}
        self.counts["swapped"] += won["ab"] != won["ba"]
        return said

    def report(self, judge: str, agent: str) -> JudgeRun:
        return JudgeRun(
            judge=judge,
            agent=agent,
            cost_usd=self.cost_usd,
            stopped=self.stopped,
            reasons=dict(self.reasons.most_common(SHOWN)),
            **self.counts,
        )


def _seated(settings: JudgeSettings, judge: str, agent: str) -> JudgeSpec:
    """Return the judge of a name, which may judge an agent and can be asked.

    Raises: NotFound, Refused.
    """
    spec = settings.judges.get(judge)
    if spec is None:
        raise NotFound(
            f"config/judges lists no judge {judge}", field="judge", mend="ratchet judges list"
        )
    if spec.kind == "recorded":
        raise Refused(f"{judge} judges elsewhere", field="kind", mend="ratchet judges record FILE")
    if misfit := settings.may_judge(judge, spec.family, agent):
        where, reason = misfit
        what, _, mend = reason.partition(": ")
        raise Refused(what, field=where, mend=mend)
    return spec


def _unjudged(
    store: Store, reader: ConfigReader, judge: str, spec: JudgeSpec, agent: str, since: datetime
) -> Iterator[Case]:
    """Yield an agent's observations of which this version of a judge has said nothing."""
    wanted = Wanted(component=agent, since=since)
    found = _newest_first(browse(store, reader, wanted, limit=sys.maxsize))
    while page := list(islice(found, PAGE)):
        keys = [
            judgement_key(judge, spec.version, agent, item["id"], turn)
            for item in page
            for turn in TURNS
        ]
        known = store.get_many([Ref(JUDGEMENTS, key) for key in keys])
        for i, item in enumerate(page):
            if not any(known[len(TURNS) * i : len(TURNS) * (i + 1)]):
                shown = {k: v for k, v in item.items() if k != "reward"}
                yield Case(agent, item["id"], shown)


def _newest_first(found: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while read := list(islice(found, READ)):
        yield from sorted(read, key=lambda item: item["ts"], reverse=True)


def _sent(judge: str, case: Case, verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as it is recorded."""
    said = {name: value for name, value in verdict.to_map().items() if name != "guessed"}
    return said | {"judge": judge, "agent": case.agent, "subject": case.subject}
