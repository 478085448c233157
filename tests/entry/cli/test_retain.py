"""The retain commands: days are kept, listed, verified and printed as they were stored."""

from datetime import UTC, datetime, timedelta

from ratchet.entry.cli.output import opened
from ratchet.kernel.clock import millis
from ratchet.store.folder_blobs import FolderBlobs
from ratchet.store.port import Ref
from tests.support.commands import Ratchet

THEN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=27)
DAY = f"{THEN:%Y-%m-%d}"


def fill() -> None:
    """Store an observation that came 27 days ago, with its reward."""
    with opened(None) as app:
        at = {"v": 1, "shard": 0, "ingestedAt": THEN, "expireAt": THEN + timedelta(days=30)}
        item = {"ts": THEN, "component": "router:a"}
        own = {"outcome": "success", "costUsd": 0.5, "meta": {"a": [1, None]}}
        app.store.set(Ref("ops_observations", "o1"), at | item | own)
        app.store.set(Ref("ops_rewards", "o1"), at | item | {"obsId": "o1", "score": 0.75})
        app.store.set(Ref("ops_checkpoints", "shards"), {"v": 1, "count": 1})


def test_a_day_is_kept_listed_verified_and_printed(ratchet: Ratchet) -> None:
    fill()
    ran = ratchet("retain", "run", "--json")
    assert (ran.status, ran.json["slots"], ran.json["rows"], ran.json["failed"]) == (0, 2, 2, [])
    assert ratchet("retain", "run").out == "kept 0 days of a shard: 0 rows in 0 bytes\n"
    kinds = [held["kind"] for held in ratchet("retain", "list", "--json").lines]
    assert kinds == ["observations", "rewards"]
    (held,) = ratchet("retain", "list", "--kind", "rewards", "--json").lines
    assert (held["day"], held["rows"]) == (f"{THEN:%Y%m%d}", 1)
    listed = ratchet("retain", "list").out
    assert held["parts"][0]["sha256"] in listed
    assert DAY in listed
    assert ratchet("retain", "verify").out == "2 of 2 are whole\n"
    (row,) = ratchet("retain", "read", "observations", DAY).lines
    assert (row["id"], row["costUsd"], row["meta"]) == ("o1", 0.5, {"a": [1, None]})
    assert row["ingestedAt"] == millis(THEN)
    assert ratchet("retain", "read", "rewards", DAY, "--limit", "1").json["score"] == 0.75


def test_what_is_not_whole_is_named_and_ends_with_a_status(ratchet: Ratchet) -> None:
    fill()
    ratchet("retain", "run")
    lost = ratchet("retain", "list", "--kind", "rewards", "--json").json["parts"][0]["sha256"]
    with opened(None) as app:
        assert isinstance(app.blobs, FolderBlobs)
        app.blobs.delete(lost)
    ran = ratchet("retain", "verify")
    assert ran.status == 4
    assert ran.out.splitlines()[1:] == ["1 of 2 are whole"]
    assert lost in ran.out
    assert [checked["ok"] for checked in ratchet("retain", "verify", "--json").lines] == [
        True,
        False,
    ]


def test_a_day_that_cannot_be_kept_says_why(ratchet: Ratchet) -> None:
    fill()
    with opened(None) as app:
        path = app.blobs.path if isinstance(app.blobs, FolderBlobs) else None
    assert path
    path.write_text("a file is in the way")
    ran = ratchet("retain", "run")
    assert ran.status == 0
    assert ran.out.count("is not kept: blobs in") == 2


def test_a_run_that_keeps_nothing_yet_says_when_the_next_day_is_old_enough(
    ratchet: Ratchet,
) -> None:
    fill()
    ratchet("retain", "run")
    came = THEN + timedelta(days=20)
    with opened(None) as app:
        at = {"v": 1, "shard": 0, "ingestedAt": came, "expireAt": came + timedelta(days=30)}
        app.store.set(Ref("ops_observations", "o2"), at | {"ts": THEN, "component": "router:a"})
    due = f"{came + timedelta(days=25):%Y-%m-%d} 00:00:00 UTC"
    assert ratchet("retain", "run").out.splitlines() == [
        "kept 0 days of a shard: 0 rows in 0 bytes",
        f"  next: what came in on {came:%Y-%m-%d} is kept from {due} on",
    ]


def test_what_is_no_day_is_refused_before_anything_is_looked_for(ratchet: Ratchet) -> None:
    fill()
    with opened(None) as app:
        app.store.delete(Ref("ops_checkpoints", "shards"))
    for day in ("2026-13-45", "2026-1-11", "today"):
        ran = ratchet("retain", "read", "observations", day)
        assert (ran.status, f"'{day}' is no day" in ran.err) == (2, True), ran.err


def test_a_day_that_is_not_kept_is_not_found(ratchet: Ratchet) -> None:
    fill()
    ran = ratchet("retain", "read", "rewards", DAY)
    assert (ran.status, ran.out) == (3, "")
    assert "ratchet retain list" in ran.err
