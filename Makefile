PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check format lint types contracts bench lock clean

setup: .venv/.ready

# The lock is complete (--no-deps): nothing is resolved anew, so no later release can break an install.
.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "custody needs Python 3.11 or later: make PYTHON=/path/to/python3.11 setup"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: setup
	$(BIN)/python -m examples.demo

test: setup
	$(BIN)/pytest -n auto --dist loadfile

check: setup format lint types contracts test

format: setup
	$(BIN)/ruff format --check .

lint: setup
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks

LOCKING := --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
  --no-annotate --quiet

# Resolves the dependencies of pyproject.toml anew: of everything, and of what is deployed. Needs
# `uv`; names no registry in what it writes.
lock:
	uv pip compile pyproject.toml --all-extras $(LOCKING) -o requirements.lock
	uv pip compile pyproject.toml --constraint requirements.lock $(LOCKING) -o requirements.functions.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .custody build
