"""Why an agent's judges weigh nothing yet: what is missing, and the command that brings it."""

from itertools import islice

from ratchet.labels.judgement import JUDGEMENTS
from ratchet.labels.read import agents_labelled
from ratchet.store.port import Filter, Query, Store

MOST = 1_000  # judgements that are counted


def why_unweighed(store: Store, agent: str | None = None) -> str:
    """Return in a line what the weights of an agent's judges, or of all, wait for."""
    where = (Filter("agent", "==", agent),) if agent is not None else ()
    n = sum(1 for _ in islice(store.stream(Query(JUDGEMENTS, where)), MOST + 1))
    labelled = agents_labelled(store)
    said = "1 judgement" if n == 1 else f"{n:,} judgements" if n <= MOST else "many judgements"
    of = f" of {agent}" if agent is not None else ""
    if not n and agent is not None and agent not in labelled:
        known = f"; labels are of {', '.join(labelled)}" if labelled else ""
        return f"{agent} is unknown: it has no judgements and no labels{known}"
    if not n:
        return f"there are no judgements{of}: ratchet judges record FILE, or ratchet judges run"
    if agent not in labelled if agent is not None else not labelled:
        verb = "waits" if n == 1 else "wait"
        return f"{said}{of} {verb} for labels{of}: ratchet labels add FILE, or ratchet review fill"
    only = f" --agent {agent}" if agent is not None else ""
    return (
        f"{said}{of}, none weighed yet of a labelled subject: label what they are about, then"
        f" ratchet judges weights --update{only}"
    )
