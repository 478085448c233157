"""What a deployment finds in `main`, and what importing it does and refuses to do."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # the SDK's own, without types

from ratchet.entry.ticks import SCHEDULES

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[2] / "functions"
EMULATORS = {
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:2",
    "FUNCTIONS_EMULATOR": "true",
    "FIREBASE_DEBUG_MODE": "true",
}
CLOUD_RUN = {
    "K_SERVICE": "record",
    "K_REVISION": "record-00001-abc",
    "K_CONFIGURATION": "record",
    "GOOGLE_CLOUD_PROJECT": "ratchet-prod",
}
# What firebase-tools sets where it asks a project for its functions: no secret, no K_SERVICE.
DISCOVERY = {
    "GCLOUD_PROJECT": "demo-ratchet",
    "FIREBASE_CONFIG": '{"projectId": "demo-ratchet"}',
    "K_REVISION": "1",
}
DISCOVER = """
from firebase_functions.private.serving import functions_as_yaml, get_functions
print(functions_as_yaml(get_functions()))
"""
# An audit hook sees every connection and every lookup of a name, whoever asks for them.
WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "open") and (
        event != "open" or str(arguments[0]).endswith((".db", "key"))
    ):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(watch)
import main
print("imported")
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program where functions are deployed from, in an environment of nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=FOLDER,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def discovered(**environment: str) -> dict[str, Any]:
    """Return the functions that a deployment finds, by name."""
    ran = run(DISCOVER, **DISCOVERY, **environment)
    assert ran.returncode == 0, ran.stderr
    manifest = yaml.safe_load(ran.stdout)
    assert manifest["specVersion"] == "v1alpha1"
    found: dict[str, Any] = manifest["endpoints"]
    return found


@pytest.fixture(scope="module")
def endpoints() -> dict[str, Any]:
    return discovered()


CALLABLES = {
    "propose_policy",
    "activate_policy",
    "rollback_policy",
    "set_flags",
    "start_rollout",
    "advance_rollout",
    "hold_rollout",
    "abort_rollout",
    "override_rollout",
    "approve",
    "reject",
    "next_review",
    "label_review",
    "skip_review",
    "escalate_review",
    "second_review",
    "start_study",
    "abandon_study",
    "take_study_job",
    "finish_study",
    "acknowledge_alert",
    "resolve_alert",
    "build_dataset",
    "withdraw_examples",
    "record_golden",
}
DOORS = {"record", "record_run", "events", "feedback", "resolve", "rollback", "health", "openapi"}
DOORS |= {"api"}
PATTERNS = {
    "config_edited": "config/{name}",
    "policy_edited": "ops_policies/{version}",
    "rollout_edited": "ops_rollouts/{rollout}",
    "verdict_edited": "ops_verdicts/{verdict}",
    "approval_edited": "ops_approvals/{approval}",
    "replay_edited": "ops_replays/{replay}",
}
TRIGGERS = set(PATTERNS)


def test_every_function_is_found_under_its_own_name_and_nothing_else(
    endpoints: dict[str, Any],
) -> None:
    assert set(endpoints) == CALLABLES | DOORS | TRIGGERS | set(SCHEDULES)
    assert {name: e["entryPoint"] for name, e in endpoints.items()} == {n: n for n in endpoints}


def test_every_function_has_its_kind_of_trigger(endpoints: dict[str, Any]) -> None:
    kinds = {
        "callableTrigger": CALLABLES,
        "httpsTrigger": DOORS,
        "eventTrigger": TRIGGERS,
        "scheduleTrigger": set(SCHEDULES),
    }
    for kind, names in kinds.items():
        assert {name for name, e in endpoints.items() if kind in e} == names


def test_every_function_has_a_whole_cpu_memory_a_region_and_the_key(
    endpoints: dict[str, Any],
) -> None:
    larger = {"collect_examples": 2048, "retain_observations": 2048, "build_datasets": 4096}
    for name, endpoint in endpoints.items():
        assert (endpoint["cpu"], endpoint["availableMemoryMb"]) == (1, larger.get(name, 512)), name
        assert endpoint["concurrency"] == 40, name
        assert endpoint["region"] == ["us-central1"], name
        assert endpoint["secretEnvironmentVariables"] == [{"key": "RATCHET_KEY"}], name
        assert endpoint["platform"] == "gcfv2"


def test_a_schedule_runs_in_one_instance_at_the_period_of_its_verb(
    endpoints: dict[str, Any],
) -> None:
    assert {n: endpoints[n]["scheduleTrigger"]["schedule"] for n in SCHEDULES} == {
        "score_observations": "every 1 minutes",
        "roll_stats": "every 5 minutes",
        "roll_long_windows": "every 1 hours",
        "evaluate_rollouts": "every 1 hours",
        "auto_tune_policies": "every 1 hours",
        "compare_fleet": "every day 01:00",
        "refresh_cards": "every 1 minutes",
        "run_studies": "every 1 hours",
        "load_labels": "every day 02:00",
        "weigh_judges": "every day 03:00",
        "fill_review_queue": "every day 04:00",
        "collect_examples": "every 1 hours",
        "build_datasets": "every day 02:00",
        "report_datasets": "every 6 hours",
        "retain_observations": "every day 05:00",
        "sweep_blobs": "every thursday 06:00",
        "sweep": "every 24 hours",
        "verify_audit": "every 24 hours",
        "watch_alerts": "every 5 minutes",
        "deliver_alerts": "every 1 minutes",
    }
    assert {endpoints[n]["scheduleTrigger"]["timeZone"] for n in SCHEDULES} == {"UTC"}
    seconds = {name: endpoints[name]["timeoutSeconds"] for name in SCHEDULES}
    assert seconds == dict.fromkeys(SCHEDULES, 540) | {
        "score_observations": 120,
        "build_datasets": 1800,
    }
    assert {endpoints[name]["maxInstances"] for name in SCHEDULES} == {1}


def test_a_trigger_gets_every_write_with_who_wrote_and_again_if_it_fails(
    endpoints: dict[str, Any],
) -> None:
    for name, pattern in PATTERNS.items():
        trigger = endpoints[name]["eventTrigger"]
        assert trigger["eventType"] == "google.cloud.firestore.document.v1.written.withAuthContext"
        assert trigger["eventFilters"] == {"database": "(default)", "namespace": "(default)"}
        assert trigger["eventFilterPathPatterns"] == {"document": pattern}
        assert trigger["retry"] is True


def test_region_and_database_are_those_of_the_environment() -> None:
    found = discovered(RATCHET_REGION="europe-west1", RATCHET_DATABASE="tenant-a")
    assert found["record"]["region"] == ["europe-west1"]
    filters = found["policy_edited"]["eventTrigger"]["eventFilters"]
    assert filters["database"] == "tenant-a"


@pytest.mark.parametrize("environment", [DISCOVERY, CLOUD_RUN], ids=["discovery", "production"])
def test_importing_main_asks_nobody_opens_no_store_and_needs_no_key(
    environment: dict[str, str],
) -> None:
    ran = run(WATCHED, **environment)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("imported\n")


@pytest.mark.parametrize("name", list(EMULATORS))
def test_production_refuses_every_variable_of_an_emulator(name: str) -> None:
    ran = run("import main", **CLOUD_RUN, **{name: EMULATORS[name]})
    assert ran.returncode != 0
    assert f"Refused: {name} is set in production" in ran.stderr


@pytest.mark.parametrize("name", ["K_SERVICE", "K_CONFIGURATION"])
def test_one_sign_of_production_is_enough_to_refuse(name: str) -> None:
    ran = run("import main", **{name: "record", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"})
    assert "Refused" in ran.stderr


def test_a_worker_of_the_functions_emulator_is_no_production() -> None:
    worker = {"K_SERVICE": "record", "K_REVISION": "1", "FUNCTION_TARGET": "record"}
    ran = run("import main; print('imported')", **DISCOVERY | worker | EMULATORS)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "imported\n"


def test_outside_production_logs_are_left_as_they_are() -> None:
    code = "import logging, main; print(len(logging.getLogger().handlers))"
    assert run(code, **DISCOVERY).stdout == "0\n"
    (line,) = run(
        "import main; main.__all__; import logging; logging.info('x')", **CLOUD_RUN
    ).stdout.splitlines()
    assert json.loads(line)["severity"] == "INFO"


# What a cold start would pay for and no function needs before its first request.
HEAVY = (
    "google.cloud.scheduler_v1",
    "numpy",
    "prometheus_client",
    "ratchet.client",
    "ratchet.entry.cli",
    "ratchet.entry.serve",
    "ratchet.observe.score",
    "ratchet.stats.moments",
    "ratchet.store.firestore",
    "ratchet.tune",
    "typer",
    "waitress",
)


def test_importing_main_loads_nothing_heavy() -> None:
    code = "import json, sys, main; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(run(code, **DISCOVERY).stdout))
    assert {"pydantic", "firebase_functions.https_fn", "ratchet.entry.http"} <= loaded
    assert loaded & set(HEAVY) == set()
    assert all(importlib.util.find_spec(name) for name in HEAVY)
