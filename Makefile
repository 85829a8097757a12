# Everything a newcomer needs, one command each. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run test check lint format bench proof guide docs mongo clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := fhir_server mappings profiles terminology tests benchmarks scripts
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# DEMO=1 loads the synthetic cohort, PORT and HOST are passed on.
SERVE_OPTIONS := $(if $(filter-out 0 false no,$(DEMO)),--demo) $(if $(PORT),--port $(PORT)) $(if $(HOST),--host $(HOST))

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Start the server on http://127.0.0.1:8080/fhir [DEMO=1] [PORT=8080] [HOST=127.0.0.1]
	@exec $(BIN)/fhir-server serve $(SERVE_OPTIONS)

test: $(VENV)/.test ## Run all tests, one process per core [PYTEST_ARGS="-k patient"]
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(PYTEST_ARGS)

check: lint test ## Check everything: format, lint, types, imports between packages, tests

lint: $(VENV)/.dev ## Check everything but the tests
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { echo "Run 'make format'."; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

bench: $(VENV)/.bench ## Measure speed against floors taken in the same run [BENCH_ARGS=...] [STORE=mongo]
	@$(BIN)/python -m $(if $(filter mongo,$(STORE)),benchmarks.mongo,benchmarks $(BENCH_ARGS))

proof: $(VENV)/.run ## Prove that the forecast of 2023 comes out to the euro [PROOF_ARGS="--scale 0.1"]
	@$(BIN)/python -m benchmarks.proof $(PROOF_ARGS)

guide: $(VENV)/.run ## Write the guide as a FHIR NPM package into dist/ [ROOT=https://...]
	@$(BIN)/python -m scripts.build_guide $(if $(ROOT),--root $(ROOT))

docs: $(VENV)/.run ## Write the pages of the guide and of the records anew, in docs
	@$(BIN)/python -m scripts.document_guide
	@$(BIN)/python -m scripts.document_records

mongo: $(BIN)/python ## Start the tests' MongoDB-compatible server on port 27017 [MONGO_PORT=27017]
	@exec $(BIN)/python -m tests.mongo $(MONGO_PORT)

clean: ## Remove what was built; the data in ./data stay
	rm -rf $(VENV) .mongo-venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per set of dependencies; a change of the project's metadata installs again.
$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the tests' needs into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the measures need into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[bench]'
	@touch $@ $(VENV)/.run

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the developer's needs into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.run $(VENV)/.test

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "Python 3.11 or later is missing. On Debian: apt install make python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with 'make PYTHON=python3.12 ...'"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian: apt install make python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
