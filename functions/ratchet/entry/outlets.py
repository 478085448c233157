"""What alerts are told by in this process: HTTPS, the structured log, and the environment."""

import os

from ratchet.entry.logs import log
from ratchet.govern.sinks.send import send
from ratchet.govern.sinks.sink import Outlets


def outlets() -> Outlets:
    """Return the outlets of the world."""
    return Outlets(post=send, log=log, secrets=os.environ)
