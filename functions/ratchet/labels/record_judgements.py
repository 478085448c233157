"""Take what judges say: one judgement, a list of them; the same again counts once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from ratchet.govern.config import ConfigReader
from ratchet.kernel.document import Instant, Model
from ratchet.kernel.errors import InvalidBatch, InvalidInput
from ratchet.kernel.fault import first_fault
from ratchet.labels.grade import grade_subjects
from ratchet.labels.judgement import Judgement, Position
from ratchet.labels.label import Class, Subject
from ratchet.labels.settings import JudgeSettings
from ratchet.observe.observation import MAX_BATCH, Name, Rejection, Share, refusal
from ratchet.store.limits import check_id
from ratchet.store.port import Ref, Store
from ratchet.store.transact import Transaction

FIELD = "judgements"
SAID = ("family", "label", "score", "confidence")
OTHERWISE = (
    "this judge said otherwise of it before, and its first word stands: send another judgeVersion,"
    " or the next repeat"
)
KIN = "this judge was of another family before, and its first word stands: send it by another name"


class Sent(Model):
    """A judgement as it is sent; a judge that `config/judges` lists may leave out what it says."""

    model_config = ConfigDict(strict=True)

    judge: Name
    judge_version: Name | None = None
    family: Name | None = None
    agent: Name
    subject: Subject
    label: Class | None = None
    score: Share | None = None
    confidence: Share | None = None
    position: Position | None = None
    repeat: Annotated[int, Field(ge=0, le=99)] = 0
    cost_usd: Annotated[float, Field(ge=0, le=10_000)] | None = None
    ts: Instant | None = None


class JudgementsTaken(Model):
    """The answer: how many were taken, how many of these were there before, which were refused.

    `graded` is of how many observations the weighted word of judges is another now.
    """

    accepted: int
    duplicate: int = 0
    graded: int = 0
    rejected: tuple[Rejection, ...] = ()


Checked = Judgement | Rejection


def record_judgements(
    store: Store,
    reader: ConfigReader,
    payload: Any,
    *,
    now: datetime,
    asked: str | None = None,
) -> JudgementsTaken:
    """Take one judgement, a list, or `{"judgements": [...]}`, and grade what they are about.

    Good items are stored though others are refused. Sending again repairs what was left undone.
    A judge that is asked from here says its word itself: `asked` names the one that just did.

    Raises: InvalidInput, InvalidBatch when every item is refused.
    """
    raw, single = _unpack(payload)
    settings = reader.read(JudgeSettings)
    checked = [_check(item, i, settings, asked, now) for i, item in enumerate(raw)]

    def body(tx: Transaction) -> tuple[list[Checked], int]:
        return _store(tx, checked)

    stored, duplicate = store.transact(body, self_checking=True)
    rejected = tuple(item for item in stored if isinstance(item, Rejection))
    if len(rejected) == len(raw):
        raise _all_refused(rejected, single)
    about: dict[str, list[str]] = {}
    for item in stored:
        if isinstance(item, Judgement):
            about.setdefault(item.agent, []).append(item.subject)
    return JudgementsTaken(
        accepted=len(raw) - len(rejected),
        duplicate=duplicate,
        graded=sum(grade_subjects(store, reader, a, s, now=now) for a, s in about.items()),
        rejected=rejected,
    )


def _unpack(payload: Any) -> tuple[Sequence[Any], bool]:
    """Return (raw items, whether it is one judgement)."""
    raw, single = payload, False
    if isinstance(payload, Mapping):
        single = FIELD not in payload
        raw = [payload] if single else payload[FIELD]
        extra = set() if single else set(map(str, payload)) - {FIELD}
        if extra:
            raise InvalidInput(f"unknown field {min(extra)}", field=min(extra), mend="take it out")
    if not isinstance(raw, list | tuple) or not 1 <= len(raw) <= MAX_BATCH:
        raise InvalidInput(
            f"{FIELD} wants 1 to {MAX_BATCH} items",
            field=FIELD,
            mend=f"send an array of 1 to {MAX_BATCH}, the rest in others",
        )
    return raw, single


def _all_refused(rejected: Sequence[Rejection], single: bool) -> InvalidInput:
    if single:
        first = rejected[0]
        return InvalidInput(
            f"judgement: {first.field}: {first.reason}", field=first.field, mend="mend that field"
        )
    return InvalidBatch("all judgements were refused", rejected=rejected, field=FIELD)


def _check(
    raw: Any, index: int, settings: JudgeSettings, asked: str | None, now: datetime
) -> Checked:
    """Return an item's judgement, or why it is not taken."""
    try:
        sent = Sent.model_validate(dict(raw) if isinstance(raw, Mapping) else raw)
    except ValidationError as error:
        field, reason = first_fault(error, Sent)
        return Rejection(index=index, field=field, reason=reason)
    if misfit := _misfit(sent, settings, asked):
        return Rejection(index=index, field=misfit[0], reason=misfit[1])
    found = _judgement(sent, settings, now)
    try:
        check_id(found.collection, found.key())
    except InvalidInput as error:
        return Rejection(index=index, field="subject", reason=error.message)
    return refusal(found, found.ts, index, now, settings.retention) or found


def _misfit(sent: Sent, settings: JudgeSettings, asked: str | None) -> tuple[str, str] | None:
    """Return (field, reason) of what does not fit the configuration, or says nothing."""
    if sent.label is None and sent.score is None:
        return "score", "a label, a score 0..1, or both are wanted"
    spec = settings.judges.get(sent.judge)
    if spec is None:
        if sent.family is None:
            return "family", "config/judges does not list this judge: name its family, or list it"
        return settings.may_judge(sent.judge, sent.family, sent.agent)
    if spec.kind != "recorded" and sent.judge != asked:
        told = f"{sent.judge} is asked from here, and nobody speaks for it: `ratchet judges run`"
        return "judge", f"{told}; or name another judge"
    for field, said, listed in (
        ("judgeVersion", sent.judge_version, spec.version),
        ("family", sent.family, spec.family),
    ):
        if said not in (None, listed):
            told = (
                f"config/judges has {listed} as the {field} of {sent.judge}, and this says {said}"
            )
            return field, f"{told}: mend one of the two"
    return settings.may_judge(sent.judge, spec.family, sent.agent)


def _judgement(sent: Sent, settings: JudgeSettings, now: datetime) -> Judgement:
    spec = settings.judges.get(sent.judge)
    listed = {"judge_version": spec.version, "family": spec.family} if spec else {}
    return Judgement(
        **(sent.model_dump(exclude_none=True) | listed | {"ts": sent.ts or now}),
        recorded_at=now,
        expire_at=now + settings.retention,
    )


def _store(tx: Transaction, checked: Sequence[Checked]) -> tuple[list[Checked], int]:
    """Write what is new; returns each item as it is kept, and how many were there before."""
    keys = {item.key(): item for item in checked if isinstance(item, Judgement)}
    found = tx.fetch([Ref(Judgement.collection, key) for key in keys])
    known = {s.ref.id: tuple(s.data.get(name) for name in SAID) for s in found if s is not None}
    stored: list[Checked] = []
    duplicate = 0
    for index, item in enumerate(checked):
        if isinstance(item, Rejection):
            stored.append(item)
            continue
        said = item.family, item.label, item.score, item.confidence
        if (before := known.get(item.key())) is None:
            known[item.key()] = said
            tx.put(item)
        elif before[1:] == said[1:]:
            duplicate += 1
        elif before[0] != said[0]:
            item = Rejection(index=index, field="family", reason=KIN)
        else:
            item = Rejection(index=index, field="judgeVersion", reason=OTHERWISE)
        stored.append(item)
    return stored, duplicate
