"""Version proposed: each draft is told once, with who made it and why."""

from ratchet.govern.roles import SEEDER
from ratchet.kernel.clock import HOUR
from ratchet.store.port import Store
from tests.support.governed import NOON, POLICY, draft, switch_flags
from tests.support.watching import alert_of, look, standing


def test_a_draft_is_told_once_with_its_reason(store: Store) -> None:
    look(store, NOON)
    switch_flags(store)
    draft(store, now=NOON + HOUR, reason="a better prompt")
    assert look(store, NOON + HOUR).raised == 1
    assert look(store, NOON + 2 * HOUR).raised == 0
    told = alert_of(store, "version-proposed")
    assert (told.subject, told.severity, told.count) == (f"{POLICY}@1.0.0", "info", 1)
    assert told.text == f"ada proposes {POLICY}@1.0.0: a better prompt"
    assert told.command == f"ratchet policy show {POLICY} 1.0.0"
    assert told.evidence == {"stream": POLICY, "sequence": 1}


def test_what_a_store_begins_with_is_not_told(embedded: Store) -> None:
    switch_flags(embedded)
    draft(embedded, actor=SEEDER, reason="seeded")
    assert look(embedded, NOON).raised == 0
    draft(embedded, reason="a better prompt")
    assert look(embedded, NOON + HOUR).raised == 1
    assert standing(embedded) == [("version-proposed", f"{POLICY}@1.0.1")]
