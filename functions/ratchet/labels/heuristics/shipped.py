"""Shipped feature sets: what to begin with for three kinds of agent. An agent's own come beside.

An agent names a set as `shipped` in `config/heuristics`; a component records what `at` names.
"""

from collections.abc import Mapping

from ratchet.policies.feature_spec import FeatureKind, FeatureSpec

KINDS = ("answer", "code", "maths", "search", "write", "plan", "other")


def _spec(kind: FeatureKind, at: str, about: str, **more: object) -> FeatureSpec:
    return FeatureSpec.parse({"kind": kind, "at": at, "about": about, **more})


SHIPPED: Mapping[str, Mapping[str, FeatureSpec]] = {
    "planner": {
        "goalWords": _spec("hashedWords", "meta.goal", "the words of the goal", buckets=512),
        "goalLength": _spec("textLength", "meta.goal", "how long the goal is told"),
        "steps": _spec("numeric", "meta.steps", "how many steps the plan has", default=1),
        "tools": _spec("numeric", "meta.tools", "how many tools the plan may use"),
        "replans": _spec("numeric", "retries", "how often it was planned anew"),
        "parallel": _spec("boolean", "meta.parallel", "whether steps run beside each other"),
        "kind": _spec(
            "categorical",
            "meta.kind",
            "what kind of work the goal is",
            categories=KINDS,
            default="other",
        ),
    },
    "critic": {
        "answerWords": _spec("hashedWords", "meta.answer", "the words it judges", buckets=512),
        "answerLength": _spec("textLength", "meta.answer", "how long the judged answer is"),
        "confidence": _spec("numeric", "confidence", "how sure the critic says it is", default=0.5),
        "cites": _spec("boolean", "meta.cites", "whether the answer names its sources"),
        "verdict": _spec(
            "categorical",
            "meta.verdict",
            "what the critic says",
            categories=("accept", "revise", "reject"),
        ),
    },
    "router": {
        "questionWords": _spec(
            "hashedWords", "meta.question", "the words of the question", buckets=2048
        ),
        "questionLength": _spec("textLength", "meta.question", "how long the question is"),
        "tokensIn": _spec("numeric", "tokensIn", "how many tokens go in"),
        "cluster": _spec(
            "categorical",
            "meta.cluster",
            "the cluster of the question, where the router knows one",
            categories=[str(i) for i in range(8)],
        ),
    },
}
