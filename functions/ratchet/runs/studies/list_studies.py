"""Which studies there are: one by its id, or the newest of a component, a policy, or a state."""

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import get_args

from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import InvalidInput
from ratchet.runs.studies.study import STUDIES, Study, StudyState, StudyType, study_ref
from ratchet.runs.studies.study_changes import no_study
from ratchet.store.port import Filter, Query, Snapshot, Store

MOST = 500
PAGE = 50


def get_study(store: Store, study_id: str) -> Study:
    """Return one study.

    Raises: NotFound, InvalidInput.
    """
    found = store.get(study_ref(study_id))
    if found is None:
        raise no_study(study_id)
    return load_study(found)


def load_study(found: Snapshot) -> Study:
    """Return the study of a stored map.

    Raises: InvalidInput that names the document.
    """
    try:
        return Study.from_store(found.data)
    except InvalidInput as error:
        raise InvalidInput(
            f"{found.ref} does not parse: {error.message}",
            field=error.field,
            mend="mend it by hand, or restore it from a backup",
        ) from error


def list_studies(
    store: Store,
    *,
    component: str | None = None,
    policy: str | None = None,
    type: StudyType | None = None,
    state: StudyState | None = None,
    limit: int = PAGE,
    tell: Tell | None = None,
) -> list[Study]:
    """Return studies, newest first; those that cannot be read are told.

    Raises: InvalidInput.
    """
    if not 0 < limit <= MOST:
        raise InvalidInput(f"limit {limit}", field="limit", mend=f"from 1 to {MOST}")
    wanted = {"component": component, "policy": policy, "type": type, "state": state}
    given = {name: value for name, value in wanted.items() if value is not None}
    found = each(_newest(store, component, policy, state), load_study, tell)
    like = (s for s in found if all(getattr(s, name) == value for name, value in given.items()))
    return list(islice(like, limit))


def _newest(
    store: Store, component: str | None, policy: str | None, state: StudyState | None
) -> Iterator[Snapshot]:
    """Yield studies by the narrowest of what is asked, a page at a time."""
    if component is not None:
        yield from _paged(store, Filter("component", "==", component))
    elif policy is not None:
        yield from _paged(store, Filter("policy", "==", policy))
    else:
        states = get_args(StudyState) if state is None else (state,)
        by_state = (_paged(store, Filter("state", "==", one)) for one in states)
        yield from merge(*by_state, key=lambda s: (s.data["createdAt"], s.ref.id), reverse=True)


def _paged(store: Store, where: Filter) -> Iterator[Snapshot]:
    query = Query(STUDIES, (where,), ("-createdAt",), PAGE)
    while page := store.query(query):
        yield from page
        if len(page) < PAGE:
            return
        query = query.after(page[-1], PAGE)
