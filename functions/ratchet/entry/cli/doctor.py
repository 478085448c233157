"""The command that says what is wrong with an installation, and what mends it."""

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit_lines, table
from ratchet.entry.doctor import examine, opened_case


def doctor(store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Examine this machine, the store and its project; the status is 1 if anything is an error."""
    with opened_case(store) as case:
        findings = examine(case)
    if as_json:
        emit_lines(finding.to_wire() for finding in findings)
    else:
        rows = [(f.severity, f.check, f.text, f.mend) for f in findings]
        table(("severity", "check", "what", "mend"), rows)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)
