"""The life of an alert: raised, counted, cleared, come back; whoever else is at it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from ratchet.govern.alerts import Alert, alert, clear_alert, raise_alert, resolve_quiet
from ratchet.govern.alerts.answer import ack_alert
from ratchet.store.port import Ref, Store
from tests.support.faults import FaultyStore
from tests.support.governed import ADA, KEYS, NOON, alerts, entries

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


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


def test_what_is_over_goes_after_400_days_and_not_if_it_comes_back(store: Store) -> None:
    raise_alert(store, full("disk"))
    raise_alert(store, full("tape"))
    for subject in ("disk", "tape"):
        clear_alert(store, "full", subject, now=NOON)
    raise_alert(store, full("tape", now=NOON + HOUR))
    kept = {alert.subject: alert.expire_at for alert in alerts(store)}
    assert kept == {"disk": datetime(2027, 2, 5, 12, tzinfo=UTC), "tape": None}


def test_sightings_at_the_same_time_all_count(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: raise_alert(store, full()), range(16)))
    assert [a.count for a in alerts(store)] == [16]


def test_a_cleared_one_that_comes_back_is_another_episode(store: Store) -> None:
    for minute in (0, 1):
        raise_alert(store, full(now=NOON + minute * MINUTE))
    assert clear_alert(store, "full", "disk", now=NOON + 2 * MINUTE)
    (over,) = alerts(store)
    assert (over.state, over.resolved and over.resolved.by) == ("resolved", "machine")
    raise_alert(store, full(now=NOON + 3 * MINUTE))
    (again,) = alerts(store)
    assert (again.state, again.episode, again.count, again.total) == ("open", 2, 1, 3)
    assert (again.first_seen, again.resolved) == (NOON + 3 * MINUTE, None)


def test_clearing_what_does_not_stand_writes_nothing_and_reads_once(embedded: Store) -> None:
    counting = FaultyStore(embedded)
    assert not clear_alert(counting, "full", "disk", now=NOON)
    raise_alert(embedded, full())
    clear_alert(embedded, "full", "disk", now=NOON)
    assert not clear_alert(counting, "full", "disk", now=NOON + MINUTE)
    assert counting.log == ["get_many", "get_many"]
    assert [a.turn for a in alerts(embedded)] == [2]


def test_one_that_comes_back_within_its_quiet_time_is_told_all_the_same(embedded: Store) -> None:
    raise_alert(embedded, full())
    clear_alert(embedded, "full", "disk", now=NOON + MINUTE)
    raise_alert(embedded, full(now=NOON + 2 * MINUTE), quiet=HOUR)
    (found,) = alerts(embedded)
    assert (found.state, found.episode) == ("open", 2)


def test_one_that_is_worse_within_its_quiet_time_is_told_all_the_same(embedded: Store) -> None:
    raise_alert(embedded, full())
    worse = full(now=NOON + MINUTE).model_copy(update={"severity": "critical"})
    raise_alert(embedded, worse, quiet=HOUR)
    assert [(a.severity, a.turn) for a in alerts(embedded)] == [("critical", 2)]


def test_what_was_quiet_for_long_is_over(store: Store) -> None:
    raise_alert(store, full("old"))
    raise_alert(store, full("seen", now=NOON + HOUR))
    raise_alert(store, full("gone"))
    clear_alert(store, "full", "gone", now=NOON)
    ended = resolve_quiet(store, now=NOON + 73 * HOUR, after=72 * HOUR)
    assert [a.subject for a in ended] == ["old"]
    assert {a.subject: a.state for a in alerts(store)} == {
        "old": "resolved",
        "seen": "open",
        "gone": "resolved",
    }
    (old,) = [a for a in alerts(store) if a.subject == "old"]
    assert old.resolved is not None
    assert old.resolved.note == "not seen for 72 hours"
    assert resolve_quiet(store, now=NOON + 73 * HOUR, after=72 * HOUR) == []


def test_one_that_is_broken_keeps_no_other_from_being_resolved(embedded: Store) -> None:
    raise_alert(embedded, full("old"))
    broken = {"v": 1, "state": "open", "lastSeen": NOON, "what": 7}
    embedded.set(Ref("ops_alerts", "broken"), broken)
    ended = resolve_quiet(embedded, now=NOON + 73 * HOUR, after=72 * HOUR)
    assert [a.subject for a in ended] == ["old"]


def test_sightings_and_an_answer_at_the_same_time_lose_neither(store: Store) -> None:
    raise_alert(store, full())
    with ThreadPoolExecutor(8) as pool:
        seen = [pool.submit(raise_alert, store, full()) for _ in range(8)]
        said = pool.submit(
            ack_alert, store, KEYS, ADA, "full~disk", note="on it", now=NOON + MINUTE
        )
        for one in (*seen, said):
            one.result()
    (found,) = alerts(store)
    assert (found.count, found.state) == (9, "acknowledged")
    assert [e.action for e in entries(store, "config")] == ["acknowledge_alert"]
