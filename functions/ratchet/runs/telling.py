"""Telling: a run as somebody sent it, checked field by field, with its unit hidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from ratchet.kernel.canonical import content_hash, pseudonym
from ratchet.kernel.errors import InvalidInput, TooLarge
from ratchet.kernel.fault import WHOLE
from ratchet.kernel.keys import Keys
from ratchet.observe.observation import misexposed, untimely
from ratchet.runs.run import Run, RunReport
from ratchet.runs.terms import MEASURES
from ratchet.store.limits import check_document

MAX_RUN_BYTES = 60_000
MAX_NUMBER = 1_000_000
_NUMBER: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)])


@dataclass(frozen=True)
class Telling:
    """One telling of a run; `number` is the revision that the sender says it is, if any."""

    report: RunReport
    number: int | None
    content_hash: str


def check_telling(raw: Any, keys: Keys, *, now: datetime, retention: timedelta) -> Telling:
    """Return a run as it is told.

    Raises: InvalidInput that names the first wrong field, TooLarge.
    """
    if not isinstance(raw, Mapping):
        raise _refused(WHOLE, "a run is a JSON object", 'send {"runId", "ts", "component", ...}')
    number = _number_of(raw.get("revision"))
    report = RunReport.parse({name: value for name, value in raw.items() if name != "revision"})
    _check_metrics(report)
    _check_rollout(report)
    if reason := untimely(report.ts, now, retention):
        raise _refused("ts", reason, "tell when the run ended, in milliseconds since 1970")
    if report.unit is not None:
        report = report.model_copy(update={"unit": pseudonym(keys.units, report.unit)})
    size = check_document(Run.collection, "run", report.to_map())
    if size > MAX_RUN_BYTES:
        told = f"run: {size} bytes, a run has at most {MAX_RUN_BYTES}"
        raise TooLarge(told, field=WHOLE, mend="keep texts elsewhere, and send where they are")
    return Telling(report, number, _hash_of(report))


def _number_of(told: Any) -> int | None:
    if told is None:
        return None
    try:
        return _NUMBER.validate_python(told)
    except ValidationError as error:
        reason = f"a whole number of 1 to {MAX_NUMBER} is wanted"
        raise _refused("revision", reason, "leave it out, or count from 1") from error


def _check_metrics(report: RunReport) -> None:
    for measure in MEASURES.values():
        for name, (least, most) in measure.metrics.items():
            value = report.metrics.get(name, least)
            if not least <= value <= most:
                reason = f"{value:g} is not between {least:g} and {most:g}"
                raise _refused(f"metrics.{name}", reason, "mend it, or leave it out")


def _check_rollout(report: RunReport) -> None:
    together = {
        "rolloutId": report.rollout_id,
        "rolloutArm": report.rollout_arm,
        "rolloutStep": report.rollout_step,
    }
    missing = [name for name, value in together.items() if value is None]
    if 0 < len(missing) < len(together):
        reason = f"{', '.join(together)} come together"
        raise _refused(missing[0], reason, "send all of them, or none")
    if misfit := misexposed(report.exposed_at, report.ts):
        raise _refused("exposedAt", misfit, "tell when the unit met its arm")


def _refused(field: str, reason: str, mend: str) -> InvalidInput:
    where = "run" if field == WHOLE else f"run: {field}"
    return InvalidInput(f"{where}: {reason}", field=field, mend=mend)


def _hash_of(report: RunReport) -> str:
    """Return the hash of what was told; a field at its default says nothing, and never will."""
    told = report.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    return content_hash(told)
