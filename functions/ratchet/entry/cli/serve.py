"""The command that serves every function on this machine."""

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ratchet.entry.cli.output import AsJson, StoreUrl, emit, opened, say
from ratchet.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from ratchet.entry.serve.server import Server
    from ratchet.entry.serve.tokens import DevTokens


def serve(
    store: StoreUrl = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8787,
    threads: Annotated[int, typer.Option(help="Requests that run at once.")] = 8,
    ticking: Annotated[bool, typer.Option("--ticker/--no-ticker", help="Run the verbs.")] = True,
    dev_tokens: Annotated[
        bool, typer.Option("--dev-tokens/--no-dev-tokens", help="Print tokens for this machine.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Serve every function by HTTP, with a ticker, until stopped."""
    try:
        from ratchet.entry.serve import tokens as development
        from ratchet.entry.serve.functions import all_functions
        from ratchet.entry.serve.server import Server, counted, stopped_by_signals
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("ratchet"):
            raise
        raise InvalidInput(
            f"serving wants {error.name}", field="command", mend="pip install 'ratchet[serve]'"
        ) from error
    development.require_loopback(host, dev_tokens=dev_tokens)
    given = os.environ.get(development.VARIABLE)
    tokens = development.dev_tokens(given) if dev_tokens else None
    functions = all_functions()
    with opened(store, making=False) as app:
        server = Server(
            counted(app),
            functions,
            host=host,
            port=port,
            threads=threads,
            tokens=tokens,
            ticking=ticking,
        )
        with stopped_by_signals(server.stop):
            _set_up_logs()
            _tell(server, [*functions.public, *functions.private], tokens, as_json)
            server.run()


def _tell(server: "Server", names: list[str], tokens: "DevTokens | None", as_json: bool) -> None:
    """Print where the server is, and the tokens that it made itself."""
    shown = dict(tokens.by_role) if tokens and not tokens.given else {}
    if as_json:
        emit({"url": server.url, "functions": names, "tokens": shown})
    else:
        say(f"serving on {server.url}: {', '.join(names)}; /healthz, /metrics")
        for role, token in shown.items():
            say(f"{role} token  {token}")
        say("Ctrl-C stops it")
    sys.stdout.flush()


def _set_up_logs() -> None:
    """Send warnings to stderr as lines of JSON, so that stdout holds what the command says."""
    from ratchet.entry.logs import JsonLines

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # says how many wait, each time
