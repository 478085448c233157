"""Road: the gates of versions in their order, walked until one of them takes time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ratchet.govern.config import ConfigReader
from ratchet.kernel.errors import InvalidInput
from ratchet.kernel.keys import Keys
from ratchet.policies.history import get_version
from ratchet.policies.version import ChangeClass, PolicyVersion, change_class, key_parts
from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.gates import GATES
from ratchet.rollouts.gates.gate import Entered, Road
from ratchet.rollouts.profile import Profile
from ratchet.rollouts.rollout import Challenger
from ratchet.store.port import Store


@dataclass(frozen=True)
class Onward:
    """Where a walk came to: the gate and what came of it; no gate, where none is left.

    `behind` are the gates passed on the way, with what each said.
    """

    entered: Entered
    gate: str = ""
    left: tuple[str, ...] = ()
    behind: tuple[tuple[str, Entered], ...] = ()

    def told(self) -> dict[str, object]:
        """Return the gates on the way, and the one it came to, as evidence."""
        here = ((self.gate, self.entered),) if self.gate else ()
        return {
            gate: {"result": e.result, "reasons": list(e.reasons), **dict(e.evidence)}
            for gate, e in (*self.behind, *here)
        }


def open_road(
    store: Store,
    keys: Keys,
    reader: ConfigReader,
    champion: str,
    challengers: Sequence[Challenger],
    *,
    now: datetime,
    profile: tuple[str, Profile] | None = None,
) -> Road:
    """Return the road of challengers against a champion; `profile` is pinned by a rollout before.

    Raises: NotFound, BadSignature, InvalidInput where config/gates names no such profile.
    """
    first = _read(store, keys, champion)
    versions = tuple(_read(store, keys, challenger.version) for challenger in challengers)
    rules = class_rules(reader, first, versions)
    named = profile or (rules.profile, reader.read(Gates).profile(rules.profile))
    return Road(
        store, keys, reader, first, versions, tuple(challengers), rules, named[0], named[1], now
    )


def class_rules(
    reader: ConfigReader, champion: PolicyVersion, versions: Sequence[PolicyVersion]
) -> ClassRules:
    """Return the rules that versions are under: those of behaviour, if one changes it.

    Each is held against its parent, and against the champion: that may be another by now.
    """
    changes = {change_class(champion, v) for v in versions} | {v.change_class for v in versions}
    change: ChangeClass = "behaviour" if "behaviour" in changes else "allocation"
    return reader.read(Gates).rules(champion.id, change)


def walk(road: Road, gates: Sequence[str]) -> Onward:
    """Enter gates in order, until one does not let the versions through at once.

    Raises: InvalidInput of a gate that there is not (any more).
    """
    behind: list[tuple[str, Entered]] = []
    for i, name in enumerate(gates):
        if name not in GATES:
            raise InvalidInput(
                f"there is no gate {name!r}",
                field="gates",
                mend="ratchet rollout abort ... and begin again by the gates that there are",
            )
        entered = GATES[name](road)
        if entered.result not in ("passed", "not_asked"):
            return Onward(entered, name, tuple(gates[i + 1 :]), tuple(behind))
        behind.append((name, entered))
    return Onward(Entered("passed"), behind=tuple(behind))


def _read(store: Store, keys: Keys, key: str) -> PolicyVersion:
    return get_version(store, keys, *key_parts(key))
