"""The count of the checks: one line each as they come, and two lines at the end."""

from dataclasses import dataclass, field


@dataclass
class Report:
    """What passed and what failed so far."""

    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Take down a line of the checks: `ok NAME`, `FAIL NAME: why`, or anything else."""
        print(line, flush=True)
        if line.startswith("ok "):
            self.passed.append(line.removeprefix("ok "))
        elif line.startswith("FAIL "):
            self.failed.append(line.removeprefix("FAIL "))

    def fail(self, name: str, why: str) -> None:
        """Take down a check of the harness that failed."""
        self.take(f"FAIL {name}: {' '.join(why.split())[-600:]}")

    def judge(self, name: str, why: str) -> None:
        """Take down a check of the harness, which passed if there is no reason against it."""
        if why:
            self.fail(name, why)
        else:
            self.take(f"ok {name}")

    def summary(self, seconds: float) -> tuple[str, str]:
        """Return the figures of the run."""
        passed, failed = len(self.passed), len(self.failed)
        return (
            f"suite: {passed + failed} checks in {seconds:.0f} s",
            f"{passed} passed, {failed} failed",
        )
