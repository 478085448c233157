"""The command that shows what is known of a component, or of all."""

from typing import Annotated

import typer

from ratchet.entry.cli.card_page import SUMMARY, head, markdown, sections, summary
from ratchet.entry.cli.output import (
    AsJson,
    StoreUrl,
    emit,
    emit_lines,
    inert,
    opened,
    say,
    table,
    tell_spoiled,
)
from ratchet.entry.wiring import App
from ratchet.kernel.errors import InvalidInput, RatchetError
from ratchet.runs.cards.card import Card
from ratchet.runs.cards.read_card import get_card, list_cards


def card(
    component: Annotated[
        str | None, typer.Argument(metavar="[COMPONENT]", help="The component; else all of them.")
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a page to paste into a ticket.")
    ] = False,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show how a component does: its loss, strengths, weaknesses, models, failures and studies."""
    if as_markdown and as_json:
        raise InvalidInput("both --markdown and --json", field="markdown", mend="give one of them")
    if as_markdown and component is None:
        raise InvalidInput("--markdown is of one card", field="component", mend="name a component")
    with opened(store, making=False) as app:
        if component is None:
            _all(app, as_json)
            return
        found = get_card(app.store, component)
    if as_json:
        emit(found.to_wire())
    elif as_markdown:
        print("\n".join(map(inert, markdown(found))))
    else:
        _show(found)


def _all(app: App, as_json: bool) -> None:
    spoiled: list[RatchetError] = []
    found = list_cards(app.store, spoiled.append)
    if as_json:
        emit_lines(one.to_wire() for one in found)
    else:
        table(SUMMARY, [summary(one) for one in found], below=("weaknesses", "strengths"))
    tell_spoiled(spoiled, as_json)


def _show(found: Card) -> None:
    say(found.component)
    for line in head(found):
        say(f"  {line}")
    for section in sections(found):
        say("")
        if section.rows:
            table(section.columns, section.rows, title=section.title)
        else:
            say(section.title)
            for line in section.lines or (section.empty,):
                say(f"  {line}")
        if section.note:
            say(f"  {section.note}")
