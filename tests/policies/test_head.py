"""PolicyHead: the truth about the status of every version."""

from ratchet.policies.head import PolicyHead


def test_the_head_says_which_status_a_version_must_have() -> None:
    head = PolicyHead(
        id="p", active="1.0.1", activated=("1.0.0", "1.0.1"), drafts=("1.0.3",), latest="1.0.3"
    )
    assert {v: head.status_of(v) for v in ("1.0.0", "1.0.1", "1.0.2", "1.0.3")} == {
        "1.0.0": "archived",
        "1.0.1": "active",
        "1.0.2": "rejected",
        "1.0.3": "draft",
    }


def test_a_version_that_a_rollout_tries_shows_how_far_it_is() -> None:
    head = PolicyHead(
        id="p",
        active="1.0.1",
        activated=("1.0.0", "1.0.1"),
        drafts=("1.0.2",),
        stages={"1.0.0": "canary", "1.0.2": "shadow"},
    )
    tried = {v: head.status_of(v) for v in ("1.0.0", "1.0.1", "1.0.2")}
    assert tried == {"1.0.0": "canary", "1.0.1": "active", "1.0.2": "shadow"}
    over = head.model_copy(update={"stages": {}})
    assert [over.status_of(v) for v in tried] == ["archived", "active", "draft"]
