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
