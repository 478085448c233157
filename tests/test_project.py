"""What the project promises about its own files: pins, codes, layout, imports, sizes."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from ratchet.kernel import errors
from ratchet.kernel.errors import RatchetError
from tests.support.commanded import unknown

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "functions" / "ratchet"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 320
SERVER_ONLY = ("google", "grpc", "firebase_admin", "firebase_functions", "functions_framework")
COMMAND_LINE_ONLY = ("typer", "rich", "click")


# What the import system says of a package that is not installed.
GONE = """
import sys
class Gone:
    def find_spec(self, name, *rest):
        if name == {0!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Gone())
"""


def named(lines: list[str]) -> dict[str, Requirement]:
    """Return requirements by name."""
    return {found.name: found for found in map(Requirement, lines)}


def test_the_base_needs_pydantic_numpy_and_httpx_and_nothing_else() -> None:
    assert set(named(PROJECT["dependencies"])) == {"pydantic", "numpy", "httpx"}


def test_the_functions_pin_base_server_and_datasets_inside_the_projects_ranges() -> None:
    lines = (ROOT / "functions" / "requirements.txt").read_text().splitlines()
    pins = named([line for line in lines if line and not line.startswith("#")])
    extras = PROJECT["optional-dependencies"]
    wanted = named(PROJECT["dependencies"] + extras["server"] + extras["datasets"])
    assert set(pins) == set(wanted)
    for name, pin in pins.items():
        (only,) = pin.specifier
        assert (only.operator, pin.extras, pin.marker) == ("==", set(), None)
        assert wanted[name].specifier.contains(only.version), f"{pin} is not in {wanted[name]}"


def test_the_table_of_errors_is_the_tree_of_errors() -> None:
    rows = re.findall(
        r"^\| (RATCHET-\d{4}) \| (\w+) \| (\d{3}) \| (\d) \|",
        (ROOT / "docs" / "errors.md").read_text(),
        re.MULTILINE,
    )
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    tree = [k for k in kinds if issubclass(k, RatchetError)]
    assert sorted(rows) == sorted((k.code, k.__name__, str(k.http), str(k.exit_code)) for k in tree)


def test_firebase_deploys_the_functions_and_denies_what_no_rule_allows() -> None:
    settings = json.loads((ROOT / "firebase.json").read_text())
    (functions,) = settings["functions"]
    assert (functions["source"], functions["runtime"]) == ("functions", "python311")
    assert {"venv", ".venv", "__pycache__", "**/__pycache__", "*.pyc"} <= set(functions["ignore"])
    assert settings["firestore"] == {
        "rules": "firestore.rules",
        "indexes": "firestore.indexes.json",
    }
    ports = [
        e["port"] for e in settings["emulators"].values() if isinstance(e, dict) and "port" in e
    ]
    assert {"auth", "functions", "firestore"} <= set(settings["emulators"])
    assert len(ports) == len(set(ports)) >= 3
    rules = re.sub(r"//.*", "", (ROOT / "firestore.rules").read_text())
    allowed = re.findall(r"allow ([\w, ]+): if (.+?);", rules, re.DOTALL)
    assert allowed[-1] == ("read, write", "false")
    assert rules.index("match /{document=**}") > rules.rindex("function ")
    assert {verb for verbs, _ in allowed[:-1] for verb in verbs.split(", ")} == {
        "get",
        "list",
        "create",
        "update",
    }
    assert rules.count("allow ") == len(allowed)


def test_the_list_of_entry_points_is_a_list_and_names_them_all() -> None:
    tree = ast.parse((ROOT / "functions" / "main.py").read_text())
    assert ast.get_docstring(tree)
    *imports, listed = tree.body[1:]
    assert all(isinstance(node, ast.ImportFrom) for node in imports)
    imported = [a.name for node in imports if isinstance(node, ast.ImportFrom) for a in node.names]
    assert isinstance(listed, ast.Assign)
    assert ast.literal_eval(listed.value) == sorted(imported)


@pytest.mark.parametrize(
    "folder", [p.parent for p in SOURCES if p.name == "__init__.py" and p.parent != PACKAGE]
)
def test_a_package_has_tests_beside_it(folder: Path) -> None:
    assert list((ROOT / "tests" / folder.relative_to(PACKAGE)).rglob("test_*.py"))


def test_the_version_that_the_functions_tell_is_the_projects() -> None:
    source = (PACKAGE / "entry" / "http" / "__init__.py").read_text()
    assert f'VERSION = "{PROJECT["version"]}"\n' in source


def test_the_functions_environment_has_a_thread_for_each_concurrent_request() -> None:
    lines = (ROOT / "functions" / ".env").read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    options = (PACKAGE / "entry" / "options.py").read_text()
    assert f"CONCURRENCY = {found['THREADS']}\n" in options
    assert {name for name in found if "KEY" in name} == set()


def test_no_file_is_too_long_to_read() -> None:
    files = [*SOURCES, *(ROOT / "bench").glob("*.py"), *(ROOT / "certify").glob("*.py")]
    long = {str(p.relative_to(ROOT)): n for p in files if (n := _lines(p)) > LONGEST}
    assert long == {}


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def loaded_by(statement: str) -> set[str]:
    """Return the top-level names of the modules that a statement loads into an interpreter."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; before = set(sys.modules)\n"
            f"{statement}\nprint(*(set(sys.modules) - before))",
        ],
        cwd=ROOT / "functions",
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in told.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import ratchet.client", (*SERVER_ONLY, *COMMAND_LINE_ONLY, "httpx")),
        ("import ratchet.client.direct", (*SERVER_ONLY, *COMMAND_LINE_ONLY)),
        ("import ratchet.entry.wiring, ratchet.entry.ticks", (*SERVER_ONLY, *COMMAND_LINE_ONLY)),
        ("import ratchet.entry.cli.app", SERVER_ONLY),
    ],
)
def test_an_import_loads_what_it_needs_and_no_more(
    statement: str, unwanted: tuple[str, ...]
) -> None:
    found = loaded_by(statement)
    assert "ratchet" in found
    assert found & set(unwanted) == set()


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_its_packages_the_command_line_says_which_to_install(package: str) -> None:
    call = f"{GONE.format(package)}\nfrom ratchet.entry.cli import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", call], cwd=ROOT / "functions", capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "pip install 'ratchet[cli]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def mends() -> Iterator[tuple[str, str]]:
    """Yield (file, command line) of every text of the sources that tells what to run."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(
                str(p.value) if isinstance(p, ast.Constant) else "X"
                for p in parts
                if isinstance(p, ast.Constant | ast.FormattedValue)
            )
            for line in (
                [text] if text.startswith("ratchet ") else re.findall("`(ratchet .*?)`", text)
            ):
                yield path.name, line.partition(", and ")[0]


def test_every_command_that_an_error_or_an_alert_names_exists() -> None:
    found = sorted(set(mends()))
    assert len(found) > 10
    assert {(file, line): wrong for file, line in found if (wrong := unknown(line))} == {}
