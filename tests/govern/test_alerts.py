"""Alerts: one document for each thing that is wrong, counted while it stays wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from ratchet.govern.alerts import Alert, alert, raise_alert
from ratchet.store.port import Ref, Store
from tests.support.governed import NOON, alerts

MINUTE = timedelta(minutes=1)


def full(subject: str = "disk", *, now: datetime = NOON, text: str = "the disk is full") -> Alert:
    return alert("full", subject, "warning", text, now=now, command="df", evidence={"free": 0})


def test_an_alert_says_what_is_wrong_and_what_to_do(store: Store) -> None:
    raise_alert(store, full())
    (found,) = alerts(store)
    assert (found.severity, found.text, found.command) == ("warning", "the disk is full", "df")
    assert found.evidence == {"free": 0}
    assert (found.count, found.first_seen, found.last_seen) == (1, NOON, NOON)


def test_the_same_matter_is_counted_and_keeps_its_first_sight(embedded: Store) -> None:
    raise_alert(embedded, full())
    raise_alert(embedded, full(now=NOON + MINUTE, text="still full"))
    (found,) = alerts(embedded)
    assert (found.count, found.text) == (2, "still full")
    assert (found.first_seen, found.last_seen) == (NOON, NOON + MINUTE)


def test_one_that_was_broken_by_hand_is_written_anew(store: Store) -> None:
    store.set(Ref("ops_alerts", full().key()), {"v": 1, "what": 7})
    raise_alert(store, full())
    assert [(a.what, a.count) for a in alerts(store)] == [("full", 1)]


def test_another_subject_is_another_alert(embedded: Store) -> None:
    raise_alert(embedded, full("disk"))
    raise_alert(embedded, full("tape"))
    assert sorted(a.subject for a in alerts(embedded)) == ["disk", "tape"]


def test_a_subject_cannot_forge_the_key_of_another(embedded: Store) -> None:
    raise_alert(embedded, alert("a", "b~c", "info", "x", now=NOON))
    raise_alert(embedded, alert("a~b", "c", "info", "x", now=NOON))
    assert len(alerts(embedded)) == 2


def test_a_subject_that_is_too_long_for_an_id_is_told_and_counted_like_any(store: Store) -> None:
    long, other = "ü" * 700, "ü" * 699 + "u"  # 1,400 bytes, and 4,200 where they are escaped
    for subject in (long, long, other):
        raise_alert(store, full(subject))
    assert {a.subject: a.count for a in alerts(store)} == {long: 2, other: 1}


def test_the_longest_subject_that_fits_an_id_stands_in_it(embedded: Store) -> None:
    fits, over = "x" * (1500 - len("full~")), "x" * (1501 - len("full~"))
    assert full(fits).key() == f"full~{fits}"
    assert full(over).key().startswith("full~sha256~")
    raise_alert(embedded, full(fits))
    raise_alert(embedded, full(over))
    assert len(alerts(embedded)) == 2


def test_a_quiet_alert_is_not_counted_again_before_its_time(embedded: Store) -> None:
    for minutes in (0, 59, 60, 61):
        now = NOON + minutes * MINUTE
        raise_alert(embedded, full(now=now), quiet=timedelta(hours=1))
    (found,) = alerts(embedded)
    assert (found.count, found.last_seen) == (2, NOON + 60 * MINUTE)


def test_sightings_at_the_same_time_all_count(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: raise_alert(store, full()), range(16)))
    assert [a.count for a in alerts(store)] == [16]
