"""The registry of gates: one file, one line here, its name in `gate_rules.GateName`, one test."""

from collections.abc import Mapping

from ratchet.rollouts.gates import approval, canary, replay, shadow
from ratchet.rollouts.gates.gate import Gate

GATES: Mapping[str, Gate] = {
    "replay": replay.enter,
    "shadow": shadow.enter,
    "canary": canary.enter,
    "approval": approval.enter,
}
