"""The command line: `ratchet`. Errors go to stderr with their code; the exit status says which."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from ratchet.entry.cli.app import run
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich", "click"):
            raise
        sys.exit("ratchet: the command line wants two packages more: pip install 'ratchet[cli]'")
    sys.exit(run(sys.argv[1:]))
