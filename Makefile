# `make demo` and `make test` set everything up on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Real provider traffic, where the folder of sample data lies beside the project.
TABLE ?= $(wildcard ../shared/data/outcomes/providers_llama2_70b.csv)
OUT ?=

# Byte code is kept whatever the environment says, else every worker, and every command that a test
# starts, compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check suite bench certify serve clean format
.DEFAULT_GOAL := test

# gbstats, the sequential test that `make certify` compares with, pins an old numpy and a pandas that
# the part we call does not need, so it comes without its dependencies.
$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ratchet wants Python 3.11 or later; make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gbstats==0.8.0
	touch $(READY)

demo: $(READY)
	$(BIN)/ratchet demo $(if $(TABLE),--outcomes $(TABLE))

# All tests. Those of the emulators are two groups, since tests that share one run after each other.
# After a `make check` of the same tree, CHECKED=1 leaves out what that has run just so.
test: $(READY)
	$(BIN)/python -m tests.emulator.install
	$(BIN)/python -m pytest -q -n auto -m 'not emulator$(if $(CHECKED), and (slow or hypothesis))'
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m emulator

# What needs no emulator and is not `slow`, property tests with fewer examples; `make test` runs all.
check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto -m 'not emulator and not slow' --hypothesis-profile=quick

# The emulators of firebase-tools with the functions in them, and the official JavaScript SDK.
suite: $(READY)
	$(BIN)/python -m tests.emulator.install
	$(BIN)/python -m tests.suite

bench: $(READY)
	$(BIN)/python -m tests.emulator.install
	$(BIN)/python -m bench $(OUT)

# The statistics, judged by simulation; `make check` runs its small form.
certify: $(READY)
	$(BIN)/python -m certify $(OUT)

# Every function and the ticker on the embedded store of this folder, until it is stopped.
serve: $(READY)
	$(BIN)/ratchet seed
	$(BIN)/ratchet serve

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) tests/suite/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache figures.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
