"""The registry of gates: one file, one line here, its name in `gate_rules.GateName`, one test."""

from collections.abc import Mapping

from ratchet.rollouts.gates import approval, canary, golden, replay, shadow
from ratchet.rollouts.gates.gate import Gate

GATES: Mapping[str, Gate] = {
    "replay": replay.enter,
    "golden": golden.enter,
    "shadow": shadow.enter,
    "canary": canary.enter,
    "approval": approval.enter,
}
