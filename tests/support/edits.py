"""What a person does in the console: edits of policy versions, by name."""

from collections.abc import Callable
from typing import Any

from ratchet.policies.activate import reject
from ratchet.policies.hand_edits import guard_policy
from ratchet.policies.version import COLLECTION
from ratchet.store.port import Store
from tests.support.console import Console
from tests.support.governed import (
    ADA,
    KEYS,
    POLICY,
    draft,
    lineage_of,
    promote,
    switch_flags,
    weights,
)


def of(version: str) -> str:
    return f"{POLICY}@{version}"


def written(version: str = "1.0.4", first: float = 0.52, **fields: Any) -> dict[str, Any]:
    """Return what a person writes to create a version."""
    return {"id": POLICY, "version": version, "params": weights(first)} | fields


FIRST, FORMER, ACTIVE, DRAFT = of("1.0.0"), of("1.0.1"), of("1.0.2"), of("1.0.3")
NEXT, AFTER = of("1.0.4"), of("1.0.5")
Edits = Callable[[Console], None]


def console_of(store: Store) -> Console:
    """Return a console on a policy with two archived versions, an active one and a draft."""
    switch_flags(store, enabled=False)
    lineage_of(store, 3)
    draft(store, weights(0.5))
    return Console(store, COLLECTION, guard_policy)


def activate_archive(c: Console) -> None:
    c.edit(FORMER, status="active")
    c.edit(ACTIVE, status="archived")


def archive_activate(c: Console) -> None:
    c.edit(ACTIVE, status="archived")
    c.edit(FORMER, status="active")


def activate_alone(c: Console) -> None:
    c.edit(FIRST, status="active")


def burst(c: Console) -> None:
    c.edit(FIRST, status="active")
    c.edit(ACTIVE, status="archived")
    c.edit(FORMER, status="active")


def burst_and_draft(c: Console) -> None:
    c.edit(FORMER, status="active")
    c.edit(DRAFT, status="active")
    c.edit(FIRST, status="active")


def reject_by_hand(c: Console) -> None:
    c.edit(DRAFT, status="rejected")


def change_of_mind(c: Console) -> None:
    activate_archive(c)
    c.edit(ACTIVE, status="active")
    c.edit(FORMER, status="archived")


def draft_to_active(c: Console) -> None:
    c.edit(DRAFT, status="active")


def draft_to_active_in_two_steps(c: Console) -> None:
    c.edit(DRAFT, status="active")
    c.edit(ACTIVE, status="archived")


def archive_the_active(c: Console) -> None:
    c.edit(ACTIVE, status="archived")


def garbage_statuses(c: Console) -> None:
    c.edit(FORMER, status="aktiv")
    c.edit(ACTIVE, status=None)
    c.edit(DRAFT, status=3)


def garbage_then_rollback(c: Console) -> None:
    c.edit(FORMER, status="aktiv")
    c.edit(FORMER, status="active")


def archived_to_draft(c: Console) -> None:
    c.edit(FORMER, status="draft")


def content_of_the_active(c: Console) -> None:
    c.edit(ACTIVE, params=weights(0.9))


def content_and_status(c: Console) -> None:
    c.edit(FORMER, params=weights(0.9), status="active")
    c.edit(ACTIVE, status="archived")


def content_twice(c: Console) -> None:
    c.edit(DRAFT, notes="better")
    c.edit(DRAFT, notes="best")


def signature(c: Console) -> None:
    c.edit(FORMER, signature="0" * 64)
    c.edit(ACTIVE, signature=None)


def update_time(c: Console) -> None:
    c.edit(ACTIVE, updatedAt="yesterday")


def another_versions_content(c: Console) -> None:
    c.write(ACTIVE, c.read(FORMER) | {"status": "active"})


def deletions(c: Console) -> None:
    for name in (FORMER, ACTIVE, DRAFT):
        c.write(name, None)


def change_then_deletion(c: Console) -> None:
    c.edit(ACTIVE, params={})
    c.write(ACTIVE, None)


def created(c: Console) -> None:
    c.write(of("1.0.4"), c.read(ACTIVE) | {"version": "1.0.4", "params": weights(0.9)})


def created_then_changed(c: Console) -> None:
    c.write(of("2.0.0"), {"hello": "world"})
    c.edit(of("2.0.0"), status="active")


def copied(c: Console) -> None:
    c.write(of("1.0.4"), c.read(ACTIVE))


def overtaken(c: Console) -> None:
    """Edit by hand, and then somebody activates another version by a command."""
    c.edit(FORMER, status="active")
    c.watch(lambda now: promote(c.store, "1.0.3", now=now))


def overtaken_then_archived(c: Console) -> None:
    overtaken(c)
    c.edit(DRAFT, status="archived")


def old_events(c: Console) -> None:
    """Events of commands that were delayed until after an edit by hand."""
    c.watch(lambda now: promote(c.store, "1.0.1", now=now))
    c.watch(lambda now: promote(c.store, "1.0.2", now=now))
    c.edit(FORMER, status="active")


def adopted(c: Console) -> None:
    c.write(NEXT, written())


def adopted_as_draft(c: Console) -> None:
    c.write(NEXT, written(status="draft", notes="mine", tuningSpace={}, artifacts=[]))


def created_as_active(c: Console) -> None:
    c.write(NEXT, written(status="active"))


def created_as_active_and_archive(c: Console) -> None:
    c.write(NEXT, written(status="active"))
    c.edit(ACTIVE, status="archived")


def created_then_activated(c: Console) -> None:
    adopted(c)
    c.edit(NEXT, status="active")


def created_as_rejected(c: Console) -> None:
    c.write(NEXT, written(status="rejected"))


def created_then_rejected(c: Console) -> None:
    adopted(c)
    c.edit(NEXT, status="rejected", updatedAt=c.now)


def created_then_touched(c: Console) -> None:
    adopted(c)
    c.edit(NEXT, status="active", updatedAt=c.now)


def created_and_spoilt(c: Console) -> None:
    adopted(c)
    c.edit(NEXT, params=3)


def spoilt_and_mended(c: Console) -> None:
    c.write(NEXT, {"id": POLICY})
    c.edit(NEXT, version="1.0.4")
    c.edit(NEXT, params=weights(0.52))


def created_and_improved(c: Console) -> None:
    adopted(c)
    c.edit(NEXT, params=weights(0.51))
    c.edit(NEXT, notes="better")


def created_and_deleted(c: Console) -> None:
    adopted(c)
    c.write(NEXT, None)


def created_again(c: Console) -> None:
    created_and_deleted(c)
    c.write(NEXT, written(first=0.53))


def created_beside_a_rollback(c: Console) -> None:
    adopted(c)
    activate_archive(c)


def created_beside_an_activation(c: Console) -> None:
    adopted(c)
    c.watch(lambda now: promote(c.store, "1.0.3", now=now))


def created_under_a_spoilt_parent(c: Console) -> None:
    content_of_the_active(c)
    adopted(c)


def created_twins(c: Console) -> None:
    adopted(c)
    c.write(AFTER, written("1.0.5", 0.53))


def created_in_the_past(c: Console) -> None:
    c.write(of("0.9.0"), written("0.9.0"))


def created_in_place_of_a_draft(c: Console) -> None:
    c.write(DRAFT, None)
    c.write(DRAFT, written("1.0.3"))


def created_in_place_of_a_rejected_one(c: Console) -> None:
    c.watch(lambda now: reject(c.store, KEYS, ADA, POLICY, "1.0.3", now=now, reason="test"))
    c.write(DRAFT, None)
    c.write(DRAFT, written("1.0.3"))
