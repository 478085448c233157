"""Rules that make the days short which versions spend on the road in the demo of gates."""

from ratchet.rollouts.gate_rules import ClassRules, Gates
from ratchet.rollouts.profile import Guardrail, Holdback, Profile, ShadowStage, Wanted

RATE = 0.03  # requests a second
QUICK = Profile(
    goal=Wanted(metric="reward"),
    guardrails=(
        Guardrail(metric="success", margin="2 points"),
        Guardrail(metric="cost", margin="20 %", required=False),
    ),
    steps=(0.5,),
    holdback=Holdback(share=0.3, hours=6),
    shadow=ShadowStage(hours=3),
)
RULES = Gates(
    behaviour=ClassRules(gates=("shadow", "canary", "approval"), profile="quick"),
    profiles={"quick": QUICK},
)
