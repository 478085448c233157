import pytest

from ratchet.client.breaker import Breaker, BreakerRule

RULE = BreakerRule(frozenset({"timeout", "rate_limit"}), 10.0)


def opened_at_zero() -> Breaker:
    breaker = Breaker(RULE)
    breaker.report("a", "timeout", 0.0)
    return breaker


def test_an_arm_is_closed_until_a_counted_error() -> None:
    breaker = Breaker(RULE)
    breaker.report("a", None, 0.0)
    breaker.report("a", "bad_request", 0.0)
    assert breaker.admits("a", 0.0)
    assert breaker.admits("a", 0.0)


@pytest.mark.parametrize("code", ["timeout", "rate_limit", "429"])
def test_a_counted_error_opens_the_arm_for_the_cooldown_alone(code: str) -> None:
    breaker = Breaker(RULE)
    breaker.report("a", code, 0.0)
    assert not breaker.admits("a", 9.99)
    assert breaker.admits("b", 9.99)
    assert breaker.admits("a", 10.0)


def test_one_request_probes_a_half_open_arm() -> None:
    breaker = opened_at_zero()
    assert [breaker.admits("a", 10.0) for _ in range(3)] == [True, False, False]


def test_a_good_probe_closes_the_arm() -> None:
    breaker = opened_at_zero()
    breaker.admits("a", 10.0)
    breaker.report("a", None, 11.0)
    assert [breaker.admits("a", 11.0) for _ in range(3)] == [True, True, True]


def test_a_probe_that_the_arm_answers_with_an_uncounted_error_closes_it() -> None:
    breaker = opened_at_zero()
    breaker.admits("a", 10.0)
    breaker.report("a", "bad_request", 11.0)
    assert breaker.admits("a", 11.0)
    assert breaker.admits("a", 11.0)


def test_failed_probes_double_the_cooldown_up_to_eight_times() -> None:
    breaker = opened_at_zero()
    now, lengths = 0.0, []
    length = 10.0
    for _ in range(6):
        now += length
        assert not breaker.admits("a", now - 0.01)
        assert breaker.admits("a", now)
        breaker.report("a", "timeout", now)
        length = next(n for n in (10.0, 20.0, 40.0, 80.0, 160.0) if admits_after(breaker, now, n))
        lengths.append(length)
    assert lengths == [20.0, 40.0, 80.0, 80.0, 80.0, 80.0]


def admits_after(breaker: Breaker, now: float, seconds: float) -> bool:
    """Look without becoming the probe."""
    opened = breaker._opened["a"]
    return now + seconds >= opened.until


def test_reports_of_requests_from_before_the_opening_change_nothing() -> None:
    breaker = opened_at_zero()
    breaker.report("a", None, 5.0)
    breaker.report("a", "timeout", 9.0)
    assert not breaker.admits("a", 9.0)
    assert breaker.admits("a", 10.0)


def test_a_late_failure_without_a_probe_opens_again_but_does_not_double() -> None:
    breaker = opened_at_zero()
    breaker.report("a", "timeout", 12.0)
    assert not breaker.admits("a", 21.9)
    assert breaker.admits("a", 22.0)


def test_a_probe_nobody_reports_on_is_followed_by_another() -> None:
    breaker = opened_at_zero()
    assert breaker.admits("a", 10.0)
    assert not breaker.admits("a", 19.9)
    assert breaker.admits("a", 20.0)


@pytest.mark.parametrize(
    ("outcome", "code", "counts"),
    [
        ("success", "timeout", None),
        ("timeout", None, "timeout"),
        ("timeout", "bad_gateway", "timeout"),
        ("timeout", 429, "rate_limit"),
        ("failure", "429", "rate_limit"),
        ("failure", "bad_request", "bad_request"),
        ("failure", None, "failure"),
        ("nonsense", None, "nonsense"),
    ],
)
def test_the_code_that_counts_is_found(outcome: str, code: str | int | None, counts: str) -> None:
    assert Breaker(RULE).error_of(outcome, code) == counts


@pytest.mark.parametrize(
    ("params", "rule"),
    [
        ({}, BreakerRule(frozenset(), 30.0)),
        ({"fallbackOn": ["429"], "cooldownMs": 1500}, BreakerRule(frozenset({"rate_limit"}), 1.5)),
        ({"fallbackOn": "timeout", "cooldownMs": "5"}, BreakerRule(frozenset(), 30.0)),
        ({"cooldownMs": float("nan")}, BreakerRule(frozenset(), 30.0)),
        ({"cooldownMs": -1}, BreakerRule(frozenset(), 30.0)),
        ({"cooldownMs": True}, BreakerRule(frozenset(), 30.0)),
    ],
)
def test_odd_params_give_the_default_rule(params: dict[str, object], rule: BreakerRule) -> None:
    assert BreakerRule.of(params) == rule
