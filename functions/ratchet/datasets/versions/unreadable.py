"""Tell what a build could not read: examples, which are left out, and people's answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ratchet.govern.alerts import alert, clear_alert, raise_alert
from ratchet.kernel.errors import RatchetError
from ratchet.store.port import Store

EXAMPLE, ANSWER = "example-unreadable", "answer-unreadable"


def tell_unreadable(
    store: Store, dataset: str, examples: Mapping[str, RatchetError], *, now: datetime
) -> None:
    """Tell of examples whose document or words cannot be read: each is counted as left out."""
    if not examples:
        clear_alert(store, EXAMPLE, dataset, now=now)
        return
    key = min(examples)
    told = f"{len(examples)} examples are left out of {dataset}; one is {key}"
    mend = f"ratchet dataset withdraw {key} --reason ..., or tell its trace again"
    _raise(store, EXAMPLE, dataset, told, examples[key], mend, now)


def tell_answers(
    store: Store, dataset: str, errors: Sequence[RatchetError], *, now: datetime
) -> None:
    """Tell of labels that people gave to examples and that cannot be read: they do not count."""
    if not errors:
        clear_alert(store, ANSWER, dataset, now=now)
        return
    told = f"{len(errors)} answers about examples of {dataset} do not count"
    _raise(store, ANSWER, dataset, told, errors[0], "mend the field that is named", now)


def _raise(
    store: Store, what: str, dataset: str, told: str, error: RatchetError, mend: str, now: datetime
) -> None:
    about = alert(
        what,
        dataset,
        "warning",
        f"{told}: {error.message}",
        now=now,
        command=mend,
        evidence=error.as_dict(),
    )
    raise_alert(store, about)
