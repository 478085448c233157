"""The callables of studies: a person starts one, a service takes its job and ends it."""

from ratchet.govern.audit import verify_audit
from ratchet.govern.roles import Actor
from ratchet.store.port import Store
from tests.support.functions import SERVICE, Functions
from tests.support.governed import KEYS, POLICY, entries

ASKED = {
    "type": "prompt_synthesis",
    "component": "planner",
    "policy": POLICY,
    "hypothesis": "fewer contradictions",
    "configuration": {"metric": "contradictions"},
    "reason": "the card says so",
}
OTHER = Actor(name="other-uid", kind="person", role="service")


def test_a_job_goes_out_to_a_service_and_comes_back_as_a_draft(
    governed: Store, functions: Functions
) -> None:
    study = functions.call("start_study", ASKED).result["id"]
    job = functions.call("take_study_job", {"type": "prompt_synthesis"}, actor=SERVICE).result
    assert (job["study"], job["base"]) == (study, f"{POLICY}@1.0.2")
    assert job["configuration"] == {"metric": "contradictions"}
    said = {
        "study": study,
        "state": "succeeded",
        "params": {"prompts": {"system": "be exact"}},
        "costUsd": 2,
        "durationMs": 1500.5,
        "stability": {"seeds": 3, "agreeing": 3},
        "reasons": ["halved"],
    }
    refused = functions.call("finish_study", said, actor=OTHER)
    assert refused.error["status"] == "FAILED_PRECONDITION"
    ended = functions.call("finish_study", said, actor=SERVICE).result
    assert (ended["state"], ended["version"]) == ("succeeded", f"{POLICY}@1.0.4")
    assert functions.call("finish_study", said, actor=SERVICE).result == ended
    other = functions.call("finish_study", said | {"costUsd": 3}, actor=SERVICE)
    assert (other.status, other.error["status"]) == (409, "ABORTED")
    told = [(e.action, e.actor) for e in entries(governed)][-4:]
    assert told == [
        ("study-plan", "ada-uid"),
        ("study-start", SERVICE.name),
        ("propose", SERVICE.name),
        ("study-end", SERVICE.name),
    ]
    assert verify_audit(governed, KEYS, POLICY).valid


def test_a_study_that_is_given_up_takes_its_job_along(
    governed: Store, functions: Functions
) -> None:
    study = functions.call("start_study", ASKED).result["id"]
    functions.call("take_study_job", {"study": study}, actor=SERVICE)
    gone = {"study": study, "reason": "enough"}
    assert functions.call("abandon_study", gone).result["state"] == "abandoned"
    said = {"study": study, "state": "failed", "reasons": ["no better"]}
    late = functions.call("finish_study", said, actor=SERVICE)
    assert late.error["details"]["mend"] == f"ratchet study show {study}"
    assert functions.call("take_study_job", {}, actor=SERVICE).status == 404
