PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test check format lint types contracts bench archive terraform audit lock clean

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

# The source archive of all functions, which `terraform apply` in infra/gcp deploys.
archive: setup
	$(BIN)/python -m tools.archive

# infra/gcp and infra/aws alone, checked by Terraform itself; a part of `make test`.
terraform: setup
	$(BIN)/pytest -n auto --dist loadfile tests/infra

# A second opinion on both; the network is needed once. Quiet, because two of its checks stumble
# over members that Terraform puts together; tests/infra looks at those.
audit: .cache/audit/ready
	LOG_LEVEL=CRITICAL .cache/audit/bin/checkov --directory infra --config-file tools/audit.yaml

.cache/audit/ready: tools/audit.lock
	$(PYTHON) -m venv --clear .cache/audit
	.cache/audit/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tools/audit.lock
	touch $@

LOCKING := --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
  --no-annotate --quiet

# Resolves the dependencies of pyproject.toml anew: of everything, and of what is deployed. Needs
# `uv`; names no registry in what it writes.
lock:
	uv pip compile pyproject.toml --all-extras $(LOCKING) -o requirements.lock
	uv pip compile pyproject.toml --constraint requirements.lock $(LOCKING) -o requirements.functions.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .custody build
