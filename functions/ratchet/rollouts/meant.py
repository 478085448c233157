"""Meant: the command that does what an edit of a rollout's documents by hand was meant to do."""

from collections.abc import Callable, Mapping
from typing import Any

from ratchet.observe.watch import ROLLOUTS
from ratchet.rollouts.approval import APPROVALS

Data = Mapping[str, Any]
# (document id, what is put back, what it is put in place of)
Meant = Callable[[str, Data, Data], str]
_DECISIONS = {"promoted": "PROMOTE", "rolled_back": "ROLL_BACK"}


def meant(collection: str, key: str, truth: Data, edited: Data) -> str:
    """Return the command; `edited` is empty where the document was deleted."""
    return _MEANT[collection](key, truth, edited)


def made_anew(collection: str, policy: str) -> str:
    """Return the command that makes a document which was created by hand."""
    return {
        ROLLOUTS: f"ratchet rollout start {policy} --challenger VERSION --reason ...",
        APPROVALS: f"ratchet approvals ask {policy} VERSION --reason ...",
        "ops_verdicts": "ratchet rollout evaluate",
        "ops_replays": f"ratchet replay run {policy} VERSION",
    }[collection]


def _rollout(key: str, truth: Data, edited: Data) -> str:
    if truth.get("state") == "ended":
        return f"ratchet rollout show {key}"
    decision = _DECISIONS.get(str(edited.get("outcome")))
    if decision:
        return f"ratchet rollout override {key} {decision} --reason ..."
    if edited and edited.get("state") == "running":
        if bool(edited.get("held")) != bool(truth.get("held")):
            release = "" if edited.get("held") else " --release"
            return f"ratchet rollout hold {key}{release} --reason ..."
        if edited.get("step") != truth.get("step"):
            return f"ratchet rollout advance {key} --reason ..."
    return f"ratchet rollout abort {key} --reason ..."


def _approval(key: str, truth: Data, edited: Data) -> str:
    if truth.get("state") != "pending":  # decided once; another change is asked for anew
        policy, _, version = str(truth.get("version")).partition("@")
        return f"ratchet approvals ask {policy} {version} --reason ..."
    if edited.get("state") == "approved":
        return f"ratchet approvals approve {key} --reason ..."
    return f"ratchet approvals reject {key} --reason ..."


def _verdict(key: str, truth: Data, edited: Data) -> str:
    decision = edited.get("decision")
    if decision in _DECISIONS.values() and decision != truth.get("decision"):
        return f"ratchet rollout override {truth.get('rollout')} {decision} --reason ..."
    return f"ratchet verdict check {key}"


def _replay(key: str, truth: Data, edited: Data) -> str:
    return f"ratchet replay show {key}"


# Verdicts and replays by name: their nouns load numpy, which the other guards need not.
_MEANT: Mapping[str, Meant] = {
    ROLLOUTS: _rollout,
    APPROVALS: _approval,
    "ops_verdicts": _verdict,
    "ops_replays": _replay,
}
