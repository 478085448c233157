import pytest


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No emulator, no store and no deployment is named but by the test."""
    for name in (
        "FIRESTORE_EMULATOR_HOST",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "FUNCTIONS_EMULATOR",
        "FIREBASE_DEBUG_MODE",
        "K_SERVICE",
        "K_CONFIGURATION",
        "RATCHET_STORE",
        "RATCHET_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
