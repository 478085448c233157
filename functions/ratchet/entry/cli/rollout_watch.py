"""The command that follows a rollout: its page again and again, with its bounds drawn."""

from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Annotated

import typer

from ratchet.entry.cli.output import CONSOLE, StoreUrl, opened, say
from ratchet.entry.cli.rollout import RolloutId
from ratchet.entry.cli.rollout_bars import bar, drawn
from ratchet.entry.cli.rollout_plot import rollout_chart
from ratchet.entry.cli.rollout_report import Page, read_page, say_page
from ratchet.entry.files import write_text
from ratchet.entry.wiring import App
from ratchet.policies.head import PolicyHead
from ratchet.rollouts.verdicts import verdicts_of
from ratchet.store.port import Ref

_LOOKS = 2_200  # by a rollout's latest deadline, 90 days
_LEGEND = (
    "better to the right: promoted right of `>`, rolled back left of `<`, `|` is no difference"
)


def watch(
    rollout: RolloutId,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two pages.")] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="One page, and no waiting.")] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Write a chart of the bounds, look by look, as SVG.")
    ] = None,
    store: StoreUrl = None,
) -> None:
    """Follow a rollout until it has ended. A verdict comes every hour."""
    with opened(store, making=False) as a:
        while True:
            page = read_page(a, rollout)
            if svg is not None:
                looks = list(verdicts_of(a.store, a.keys, rollout, limit=_LOOKS))
                if looks:
                    write_text(svg, rollout_chart(page.rollout, looks[::-1]), "svg")
            if not once:
                CONSOLE.clear()
            _show(a, page)
            if svg is not None and not looks:
                say(f"{svg} is not written: there is no verdict to chart yet")
            if once or page.rollout.state == "ended":
                return
            try:
                sleep(every)
            except KeyboardInterrupt:
                return


def _show(a: App, page: Page) -> None:
    """Print the page, the bars, and what runs now where the rollout has ended."""
    say_page(page)
    lines = list(_bars(page))
    for line in lines:
        say(line)
    if lines:
        say(_LEGEND)
    if page.rollout.state == "ended":
        found = a.store.get(Ref(PolicyHead.collection, page.rollout.policy))
        running = found.data.get("rollout") if found else None
        if running:
            say(f"{running} runs now: ratchet rollout watch {running}")


def _bars(page: Page) -> Iterator[str]:
    """Yield a line for each term of each challenger that bounds are known of."""
    arms = page.verdict.judged.arms if page.verdict else ()
    found = [(arm.arm, t.metric, shown) for arm in arms for t in arm.terms if (shown := drawn(t))]
    wide = max((len(f"{arm} {metric}") for arm, metric, _ in found), default=0)
    for arm, metric, shown in found:
        yield f"{f'{arm} {metric}':<{wide}} {bar(shown)}"
