"""Who may do what directly on the documents, collection by collection."""

from tests.rules import seeded
from tests.rules.rest import Write
from tests.rules.seeded import Case

# collection: what a service may do directly, and what an admin may. Nobody else may do anything.
TABLE: dict[str, tuple[str, str]] = {
    "config": ("get", "get list"),
    "ops_policies": ("get list", "get list create update"),
    "ops_policy_heads": ("get", "get list"),
    "ops_stats": ("get list", "get list"),
    "ops_observations": ("create", "get list create"),
    "ops_rewards": ("", "get list"),
    "ops_feedback": ("", "get list"),
    "ops_buckets": ("", "get list"),
    "ops_reward_epochs": ("", "get list"),
    "ops_audit": ("", "get list"),
    "ops_rollouts": ("", "get list"),
    "ops_rollout_buckets": ("", "get list"),
    "ops_verdicts": ("", "get list"),
    "ops_approvals": ("", "get list"),
    "ops_replays": ("", "get list"),
    "ops_alerts": ("", "get list"),
    "ops_dead_letters": ("", "get list"),
    "ops_labels": ("", "get list"),
    "ops_label_stats": ("", "get list"),
    "ops_label_uses": ("", "get list"),
    "ops_gold": ("", "get list"),
    "ops_judgements": ("", "get list"),
    "ops_judge_weights": ("", "get list"),
    "ops_judge_weight_nights": ("", "get list"),
    "ops_review_queue": ("", "get list"),
    "ops_review_draws": ("", "get list"),
    "ops_runs": ("", "get list"),
    "ops_run_revisions": ("", "get list"),
    "ops_run_totals": ("", "get list"),
    "ops_run_buckets": ("", "get list"),
    "ops_run_trends": ("", "get list"),
    "ops_run_fleet": ("", "get list"),
    "ops_cards": ("", "get list"),
    "ops_studies": ("", "get list"),
    "ops_study_jobs": ("", "get list"),
    "ops_traces": ("", "get list"),
    "ops_dead_traces": ("", "get list"),
    "ops_examples": ("", "get list"),
    "ops_datasets": ("", "get list"),
    "ops_dataset_status": ("", "get list"),
    "ops_golden_sets": ("", "get list"),
    "ops_golden_exposures": ("", "get list"),
    "ops_golden_standings": ("", "get list"),
    "ops_retained": ("", "get list"),
    "ops_idempotency": ("", ""),
    "ops_checkpoints": ("", ""),
    "ops_operations": ("", ""),
    seeded.UNKNOWN: ("", ""),
}


def table_cases(collection: str, who: str) -> list[Case]:
    """Return what a caller may try on a collection."""
    may = dict(zip(("service", "admin"), TABLE[collection], strict=True)).get(who, "").split()
    return [
        Case(name, who, ask, name in may, path)
        for name, (path, ask) in _operations(collection).items()
    ]


def _operations(collection: str) -> dict[str, tuple[str, seeded.Ask]]:
    home = seeded.home(collection)
    tries = {
        "create": seeded.create_in(collection),
        "update": seeded.update_in(collection),
        "delete": seeded.delete_in(collection),
    }
    return {
        "get": ("", lambda door: door.get(home)),
        "list": ("", lambda door: door.query(collection, 100)),
        **{name: (path, _committing(write)) for name, (path, write) in tries.items()},
    }


def _committing(write: Write) -> seeded.Ask:
    return lambda door: door.commit(write)
