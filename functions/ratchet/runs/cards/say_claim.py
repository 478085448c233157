"""Say a claim in words, with what it rests on."""

from ratchet.runs.cards.card import REWARD, Claim
from ratchet.stats.run_sums import LOSS

# What a weakness and a strength of each metric are called.
WORDS = {
    LOSS: ("high loss", "low loss"),
    "gatePassRate": ("many failed gates", "few failed gates"),
    "contradictions": ("high contradictions", "low contradictions"),
    "grounding": ("poor grounding", "good grounding"),
    "costOverBudget": ("often over budget", "within budget"),
    "latencyP95": ("slow", "fast"),
    "securityCriticals": ("many security criticals", "few security criticals"),
    "apiBreakages": ("many API breakages", "few API breakages"),
    "dbMigrationFail": ("many failed migrations", "few failed migrations"),
    "ragCoverage": ("poor RAG coverage", "good RAG coverage"),
    REWARD: ("low reward", "high reward"),
}


def say_claim(claim: Claim) -> str:
    """Return a claim in words: 0 is perfect, but of a reward, where 1 is.

    >>> found = Claim(side="weakness", metric="contradictions", against="fleet", mean=0.41,
    ...     reference=0.12, worse=0.29, interval={"low": 0.21, "high": 0.37}, runs=812, days=28)
    >>> say_claim(found)
    'high contradictions: 0.41, the fleet has 0.12 (0.21 to 0.37 worse; 812 runs in 28 days)'
    """
    weak, reference = claim.side == "weakness", _number(claim.reference)
    low, high = claim.interval.low, claim.interval.high
    other = {
        "fleet": f"the fleet has {reference}",
        "past": f"before it was {reference}",
        "threshold": f"{_beyond(weak, claim.metric)} {reference} is {'weak' if weak else 'strong'}",
    }[claim.against]
    told = f"{_number(low)} to {_number(high)} worse"
    if not weak:
        told = f"{_number(-high)} to {_number(-low)} better"
    named = WORDS[claim.metric][0 if weak else 1]
    rests = f"{claim.runs:,} runs in {claim.days} days"
    return f"{named}: {_number(claim.mean)}, {other} ({told}; {rests})"


def _beyond(weak: bool, metric: str) -> str:
    """Return on which side of a threshold a value is; of a reward, less is worse."""
    return "above" if weak != (metric == REWARD) else "below"


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"
