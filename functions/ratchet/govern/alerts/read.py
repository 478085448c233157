"""Read alerts: those that stand, or one by its name."""

from collections.abc import Sequence

from ratchet.govern.alerts.alert import SEVERITIES, STANDING, Alert, Severity, named_keys
from ratchet.kernel.each import Tell, each
from ratchet.kernel.errors import NotFound
from ratchet.store.port import Filter, Query, Ref, Snapshot, Store


def list_alerts(store: Store, *, everything: bool = False, tell: Tell | None = None) -> list[Alert]:
    """Return the alerts that stand, or all, newest first; reads every one that is kept.

    One of before alerts had a state has none to ask for, and stands.
    """
    stored = store.stream(Query(Alert.collection))
    found = each(stored, lambda one: Alert.from_store(one.data), tell)
    shown = [alert for alert in found if everything or not alert.is_over]
    return sorted(shown, key=lambda alert: alert.last_seen, reverse=True)


def standing(store: Store) -> dict[Severity, int]:
    """Return how many alerts stand by severity; counted, not read."""
    within = Filter("state", "in", list(STANDING))
    return {
        severity: store.count(Query(Alert.collection, (within, Filter("severity", "==", severity))))
        for severity in SEVERITIES
    }


def read_alert(store: Store, named: str) -> Alert:
    """Return an alert by its id, or by `what~subject` as a person types it.

    Raises: NotFound.
    """
    return first_of(
        store.get_many([Ref(Alert.collection, key) for key in named_keys(named)]), named
    )


def first_of(found: Sequence[Snapshot | None], named: str) -> Alert:
    """Return the first alert that is there.

    Raises: NotFound.
    """
    for one in found:
        if one is not None:
            return Alert.from_store(one.data)
    raise NotFound(f"there is no alert {named}", field="alert", mend="ratchet alerts list --all")
