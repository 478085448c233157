"""`ratchet review estimate`: what reviewers' answers say of everything that could be asked."""

from typing import Annotated

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit, opened, say, table, tell_spoiled
from ratchet.kernel.errors import RatchetError
from ratchet.labels.select.estimate import estimate_share
from ratchet.stats.intervals import Interval


def estimate(
    agent: Annotated[str, typer.Option(help="Of which agent.")],
    days: Annotated[float, typer.Option(help="Of the draws of so many days.")] = 30.0,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Estimate the share of good among all candidates, whether or not people were asked."""
    spoiled: list[RatchetError] = []
    with opened(store, making=False) as a:
        found = estimate_share(a.store, agent, days=days, now=a.clock(), tell=spoiled.append)
    if as_json:
        emit(found.to_wire())
        tell_spoiled(spoiled, as_json)
        return
    rows = [
        ("all candidates", _percent(found.share), _between(found.interval)),
        ("those answered", _percent(found.plain), _between(found.plain_interval)),
    ]
    table(("good among", "share", "95 % interval"), rows)
    say(
        f"{found.answered} of {found.drawn} drawn are answered, of {found.candidates} candidates"
        f" in {found.draws} draws; the hard ones were likelier to be drawn"
    )
    tell_spoiled(spoiled, as_json)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _between(interval: Interval) -> str:
    return f"{_percent(interval.low)} to {_percent(interval.high)}"
