"""What every deployed function shares: region, memory, concurrency, secrets, CORS, App Check.

Importing this module is what a deployment does first: it initialises Firebase, and makes no RPC.
"""

import os

import firebase_admin  # type: ignore[import-untyped]  # it ships no types
from firebase_functions.options import CorsOptions, MemoryOption, set_global_options

from ratchet.entry.cloud import DEFAULT_DATABASE, DEFAULT_REGION
from ratchet.entry.logs import set_up_logs
from ratchet.store.opening import refuse_emulators

REGION = os.environ.get("RATCHET_REGION") or DEFAULT_REGION
# Origins of web pages that may call, separated by commas; none unless they are named.
ORIGINS = [o.strip() for o in os.environ.get("RATCHET_CORS_ORIGINS", "").split(",") if o.strip()]
APP_CHECK = os.environ.get("RATCHET_APP_CHECK", "") == "true"
DATABASE = os.environ.get("RATCHET_DATABASE") or DEFAULT_DATABASE
# As many as the server has threads: THREADS of functions/.env, else four.
CONCURRENCY = 40
# A tick that is over its time is ended; what it had not done is done by the next.
SECONDS = {"door": 60, "tick": 540, "job": 1800, "trigger": 120}

set_global_options(
    region=REGION,
    memory=MemoryOption.MB_512,
    cpu=1,  # the default of the Python SDK is a fraction of one, with a concurrency of 1
    concurrency=CONCURRENCY,
    max_instances=20,
    timeout_sec=SECONDS["door"],
    secrets=["RATCHET_KEY"],
)

refuse_emulators()
if "K_SERVICE" in os.environ:
    set_up_logs()
if not firebase_admin._apps:
    firebase_admin.initialize_app()


def cors(*methods: str) -> CorsOptions:
    """Return the CORS options of a door: closed but for the origins that are named."""
    return CorsOptions(cors_origins=list(ORIGINS), cors_methods=list(methods))
