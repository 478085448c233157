"""Hand edits of policies: carried through or put back, in whatever order their events arrive."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations

import pytest

from ratchet.store.port import Store
from ratchet.store.sqlite import SqliteStore
from tests.support.console import Console
from tests.support.edits import (
    ACTIVE,
    DRAFT,
    FIRST,
    FORMER,
    NEXT,
    Edits,
    activate_alone,
    activate_archive,
    adopted,
    adopted_as_draft,
    another_versions_content,
    archive_activate,
    archive_the_active,
    archived_to_draft,
    burst,
    burst_and_draft,
    change_of_mind,
    change_then_deletion,
    console_of,
    content_and_status,
    content_of_the_active,
    content_twice,
    copied,
    created,
    created_again,
    created_and_deleted,
    created_and_improved,
    created_and_spoilt,
    created_as_active,
    created_as_active_and_archive,
    created_as_rejected,
    created_beside_a_rollback,
    created_beside_an_activation,
    created_in_place_of_a_draft,
    created_in_place_of_a_rejected_one,
    created_in_the_past,
    created_then_activated,
    created_then_changed,
    created_then_rejected,
    created_then_touched,
    created_twins,
    created_under_a_spoilt_parent,
    deletions,
    draft_to_active,
    draft_to_active_in_two_steps,
    garbage_statuses,
    garbage_then_rollback,
    of,
    old_events,
    overtaken,
    overtaken_then_archived,
    reject_by_hand,
    signature,
    spoilt_and_mended,
    update_time,
)
from tests.support.governed import POLICY, alerts, assert_agreement, head_of

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """Edits, and what is left of them. `alerted`: what was put back; `maybe`: in some orders.

    A draft that is `maybe` alerted was either adopted or removed.
    """

    edits: Edits
    active: str = "1.0.2"
    alerted: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    drafts: tuple[str, ...] = field(default=("1.0.3",))


def names(*keys: str) -> frozenset[str]:
    return frozenset(keys)


BOTH = ("1.0.3", "1.0.4")
CASES = [
    Case(activate_archive, "1.0.1"),
    Case(archive_activate, "1.0.1"),
    Case(activate_alone, "1.0.0"),
    Case(burst, "1.0.1", maybe=names(FIRST)),
    Case(burst_and_draft, "1.0.0", names(DRAFT), maybe=names(FORMER)),
    Case(reject_by_hand, drafts=()),
    Case(change_of_mind),
    Case(draft_to_active, alerted=names(DRAFT)),
    Case(draft_to_active_in_two_steps, alerted=names(DRAFT), maybe=names(ACTIVE)),
    Case(archive_the_active, alerted=names(ACTIVE)),
    Case(garbage_statuses, alerted=names(FORMER, DRAFT), maybe=names(ACTIVE)),
    Case(garbage_then_rollback, "1.0.1"),
    Case(archived_to_draft, alerted=names(FORMER)),
    Case(content_of_the_active, alerted=names(ACTIVE)),
    Case(content_and_status, alerted=names(FORMER), maybe=names(ACTIVE)),
    Case(content_twice, alerted=names(DRAFT)),
    Case(signature, alerted=names(FORMER, ACTIVE)),
    Case(update_time, alerted=names(ACTIVE)),
    Case(another_versions_content, alerted=names(ACTIVE)),
    Case(deletions, alerted=names(FORMER, ACTIVE, DRAFT)),
    Case(change_then_deletion, alerted=names(ACTIVE)),
    Case(created, alerted=names(NEXT)),
    Case(created_then_changed, alerted=names(of("2.0.0"))),
    Case(copied, alerted=names(NEXT)),
    Case(overtaken, "1.0.3", names(FORMER), drafts=()),
    Case(overtaken_then_archived, "1.0.3", maybe=names(FORMER, DRAFT), drafts=()),
    Case(old_events, "1.0.1"),
    Case(adopted, drafts=BOTH),
    Case(adopted_as_draft, drafts=BOTH),
    Case(created_as_active, alerted=names(NEXT), drafts=BOTH),
    Case(created_as_active_and_archive, alerted=names(NEXT), maybe=names(ACTIVE), drafts=BOTH),
    Case(created_then_activated, alerted=names(NEXT), drafts=BOTH),
    Case(created_as_rejected),
    Case(created_then_rejected),
    Case(created_then_touched, alerted=names(NEXT), drafts=BOTH),
    Case(created_and_spoilt, alerted=names(NEXT)),
    Case(spoilt_and_mended, drafts=BOTH),
    Case(created_and_improved, drafts=BOTH),
    Case(created_and_deleted),
    Case(created_again, drafts=BOTH),
    Case(created_beside_a_rollback, "1.0.1", drafts=BOTH),
    Case(created_beside_an_activation, "1.0.3", drafts=("1.0.4",)),
    Case(created_under_a_spoilt_parent, alerted=names(ACTIVE), maybe=names(NEXT), drafts=BOTH),
    Case(created_twins, maybe=names(NEXT), drafts=(*BOTH, "1.0.5")),
    Case(created_in_the_past, alerted=names(of("0.9.0"))),
    Case(created_in_place_of_a_draft, alerted=names(DRAFT)),
    Case(created_in_place_of_a_rejected_one, alerted=names(DRAFT), drafts=()),
]


def assert_settled(c: Console, case: Case) -> None:
    assert_agreement(c.store)
    alerted = {a.subject for a in alerts(c.store)}
    drafts = tuple(v for v in case.drafts if of(v) not in alerted & case.maybe)
    assert (head_of(c.store).active, head_of(c.store).drafts) == (case.active, drafts)
    assert case.alerted <= alerted <= case.alerted | case.maybe
    for alert in alerts(c.store):
        assert alert.what == "hand-edit-put-back"
        assert alert.command.startswith("ratchet policy ")
        assert POLICY in alert.command
        assert alert.evidence["by"] == "ada@example.com"


def orders(count: int) -> Iterator[tuple[int, ...]]:
    """Yield every order of events; each event comes twice, at once or much later."""
    for i, order in enumerate(permutations(range(count))):
        yield (*order, *reversed(order)) if i % 2 else tuple(i for i in order for _ in range(2))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.edits.__name__)
def test_the_order_of_delivery_does_not_matter(case: Case) -> None:
    probe = console_of(SqliteStore())
    case.edits(probe)
    for order in orders(len(probe.events)):
        console = console_of(SqliteStore())
        case.edits(console)
        console.deliver([console.events[i] for i in order])
        assert_settled(console, case)
        console.store.close()
    probe.store.close()


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.maybe], ids=lambda case: case.edits.__name__
)
def test_both_stores_end_alike(store: Store, case: Case) -> None:
    console = console_of(store)
    case.edits(console)
    console.deliver(console.events)
    assert_settled(console, case)
