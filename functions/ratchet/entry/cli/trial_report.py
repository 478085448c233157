"""What `try` prints: a log in tables and sentences, in 100 columns."""

from collections.abc import Sequence

from ratchet.entry.cli.output import say, table
from ratchet.entry.cli.trial_weights import tell_weights
from ratchet.entry.cli.trial_words import counted, interval, tell_paragraph
from ratchet.entry.trial.estimates import Estimate
from ratchet.entry.trial.report import ArmReport, Challenger, Decided, Peeking, Report

SHOWN = 12
THOUSAND = 1000
TITLES = {"reward": "reward", "success": "success", "quality": "quality"}
PLAIN = {
    **{"reward": "the rewards", "success": "the outcomes", "quality": "the grades"},
    **{"latency": "the times", "cost": "the costs"},
}


def tell(report: Report) -> None:
    """Print a report."""
    _tell_columns(report)
    arms = _ranked(report)
    _tell_arms(report, arms)
    _tell_frontier(report)
    _tell_paired(report)
    if report.weights:
        tell_weights(report.goal, report.weights)
    _tell_peeking(report, report.peeking)


def _tell_columns(report: Report) -> None:
    say(f"{report.log}: {counted(report.rows, 'row')}, {counted(len(report.arms), 'arm')}")
    read = [
        f"{c.part} <- {c.column}" + (f" ({c.reading})" if c.reading else "")
        for c in report.columns
        if c.column
    ]
    if report.wide:
        graded = next((c.reading for c in report.columns if c.part == "quality" and c.reading), "")
        told = f"quality of each arm <- {', '.join(report.wide)}"
        read.append(told + (f" ({graded})" if graded else ""))
    tell_paragraph("; ".join(read), "  ")
    if report.unused:
        tell_paragraph(f"not read: {', '.join(report.unused)}", "  ")
    tell_paragraph("to read it otherwise: --arm COLUMN, --outcome none, ... (--help)", "  ")
    if report.other_goals:
        others = ", ".join(f"--goal {name} for {PLAIN[name]}" for name in report.other_goals)
        tell_paragraph(f"judged by {report.goal}; {others}", "  ")
    for note in _notes(report):
        tell_paragraph(note, "  ")


def _notes(report: Report) -> list[str]:
    notes = [report.units] if report.units else []
    if report.weighted:
        notes.append("rows count as many times as their weight says")
    if report.without_arm:
        notes.append(f"left out, for want of an arm: {counted(report.without_arm, 'row')}")
    if report.skipped:
        notes.append(f"left out, unreadable: {counted(report.skipped, 'row')}, the first of them:")
        notes += [f"  {line}" for line in report.skipped_shown]
    return notes


def _ranked(report: Report) -> list[ArmReport]:
    """Return the arms, the best by the goal first."""
    sign = -1 if report.goal_better == "higher" else 1

    def key(arm: ArmReport) -> tuple[bool, float]:
        known = arm.metrics[report.goal].estimate
        return (known is None, sign * known.value if known else 0.0)

    return sorted(report.arms, key=key)


def _tell_arms(report: Report, arms: Sequence[ArmReport]) -> None:
    known = [m for m in TITLES if any(_known(arm, m) for arm in arms)]
    say("")
    rows = [
        (arm.arm, arm.rows, arm.units, *(interval(_known(arm, m)) for m in known))
        for arm in arms[:SHOWN]
    ]
    table(("arm", "rows", "units", *known), rows)
    if any(arm.p50 or _known(arm, "cost") for arm in arms):
        rows = [
            (
                arm.arm,
                interval(arm.p50),
                interval(arm.p95),
                interval(_known(arm, "cost"), THOUSAND),
            )
            for arm in arms[:SHOWN]
        ]
        table(("arm", "p50 ms", "p95 ms", "$ per 1000"), rows)
    if len(arms) > SHOWN:
        say(f"and {len(arms) - SHOWN} more arms, in --json")
    say(f"In brackets: {report.intervals}.")
    _tell_unknown(arms)


def _tell_unknown(arms: Sequence[ArmReport]) -> None:
    metrics = arms[0].metrics
    never = [m for m in metrics if all(arm.metrics[m].unknown >= 1 for arm in arms)]
    if never:
        say(f"Unknown in every row: {', '.join(never)}.")
    for metric in metrics:
        shares = {a.arm: a.metrics[metric].unknown for a in arms if a.metrics[metric].unknown > 0}
        if metric in never or not shares:
            continue
        told = [f"{arm} {share:.0%}" for arm, share in list(shares.items())[:SHOWN]]
        more = f" and {len(shares) - SHOWN} more" if len(shares) > SHOWN else ""
        tell_paragraph(f"Unknown {metric}, share of the rows: {', '.join(told)}{more}.")


def _known(arm: ArmReport, metric: str) -> Estimate | None:
    return arm.metrics[metric].estimate if metric in arm.metrics else None


def _tell_frontier(report: Report) -> None:
    found = report.frontier
    say("")
    if found.reason:
        say(f"{found.reason[0].upper()}{found.reason[1:]}.")
        return
    best = [place.arm for place in found.places if not place.by]
    tell_paragraph(
        f"Frontier of {found.value} by {found.price}, the cheapest first: {', '.join(best)}"
    )
    beaten = [place for place in found.places if place.by]
    for place in beaten[:SHOWN]:
        how = "intervals apart" if place.clear else "within the intervals"
        say(f"  {place.arm} is dominated by {place.by} ({how})")
    if found.without:
        tell_paragraph(f"Not placed, since one of the two is unknown: {', '.join(found.without)}")


def _tell_paired(report: Report) -> None:
    found = report.paired
    if not found:
        return
    kept = "" if found.share >= 1 else f", a sample of {found.share:.1%} of them"
    say("")
    say(f"The same units met several arms ({found.units:,} units{kept}).")
    say(f"{report.goal}, unit by unit, less that of {found.control}:")
    rows = [
        (arm, interval(change, signed=True), found.pairs[arm])
        for arm, change in sorted(found.differences.items(), key=lambda d: -d[1].value)[:SHOWN]
    ]
    table(("arm", "difference", "pairs"), rows)
    if found.oracle:
        say(f"The best arm of each unit (the oracle): {interval(found.oracle)}")


def _tell_peeking(report: Report, found: Peeking) -> None:
    say("")
    if found.reason:
        say(f"Peeking: {found.reason}.")
        return
    tell_paragraph(
        f"Had you looked {found.looks} times ({found.how}) at {report.goal}, against"
        f" {found.control}:"
    )
    rows = [
        (c.arm, _signed(c.difference), _naive(c), _when(c.bounded))
        for c in found.challengers[:SHOWN]
    ]
    table(("arm", "at the end", "rule: p < 0.05", "bounds over all looks"), rows)
    if found.null:
        n = found.null
        tell_paragraph(
            f"The same rows with their labels shuffled, {n.shuffles} times, so that no arm is"
            f" better: p < 0.05 at some look in {n.naive:.0%}; the bounds decide in"
            f" {n.bounded:.0%}."
        )


def _signed(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:+.3g}" if value else "0"


def _naive(found: Challenger) -> str:
    if not found.naive.look or not found.turns:
        return _when(found.naive)
    return f"{_when(found.naive)}, turns {found.turns} x, ends: {found.naive_end}"


def _when(found: Decided) -> str:
    if found.look is None:
        return "undecided"
    at = f", {found.at:%m-%d %H:%M}" if found.at else ""
    return f"{found.says} at look {found.look}{at}"
