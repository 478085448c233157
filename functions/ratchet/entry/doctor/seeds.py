"""Configuration: what a store starts with is there and parses; the switches stand as they stand."""

from collections.abc import Iterator

from ratchet.entry.configs import CONFIGS
from ratchet.entry.doctor.case import Case, Finding, error, ok, warning
from ratchet.entry.seed import seed_folder
from ratchet.govern.audit import CONFIG_STREAM, ConfigHead
from ratchet.govern.config import Config
from ratchet.govern.flags import Flags, describe
from ratchet.kernel.errors import RatchetError
from ratchet.store.port import Ref

SEED = "ratchet seed"
SWITCH_ON = "ratchet flags set --enabled --reason ..."


def check(case: Case) -> Iterator[Finding]:
    """Parse every configuration document, as strictly as the machine does."""
    seeded = {path.stem for path in (seed_folder() / "config").glob("*.json")}
    found = case.store.get_many([Ref(kind.collection, kind.name) for kind in CONFIGS.values()])
    good: dict[str, Config] = {}
    for (name, kind), document in zip(CONFIGS.items(), found, strict=True):
        if document is None:
            if name in seeded:
                yield _missing(case, kind)
            continue
        try:
            good[name] = kind.from_store(document.data)
        except RatchetError as told:
            yield error(f"config/{name} does not parse: {told.message}", told.mend)
    if seeded <= set(good):
        flags = good[Flags.name]
        assert isinstance(flags, Flags)
        yield ok(f"{len(good)} documents; {describe(flags)}")


def _missing(case: Case, kind: type[Config]) -> Finding:
    if kind is not Flags:
        return warning(f"config/{kind.name} is missing: its defaults are in force", SEED)
    head = case.store.get(Ref(ConfigHead.collection, CONFIG_STREAM))
    had_flags = head and Flags.name in head.data.get("configs", {})
    mend = SWITCH_ON if had_flags else SEED  # the seeds never turn on again what a person had
    return error("config/flags is missing, so learning is off", mend)
