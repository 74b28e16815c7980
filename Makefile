# Every target sets up what it needs: with uv when it is installed, else with venv and pip.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null)

.PHONY: demo serve test check fix e2e bench lock clean help

help:  ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(STAMP): pyproject.toml uv.lock constraints.txt
ifdef UV
	uv sync --quiet --frozen
else
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "livecaption needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev --constraint constraints.txt
endif
	@touch $@

demo: $(STAMP)  ## caption the bundled speech live, offline, through the real WebSocket
	$(BIN)/livecaption demo $(ARGS)

serve: $(STAMP)  ## serve http://localhost:8000
	$(BIN)/livecaption serve $(ARGS)

test: check  ## checks, tests, coverage
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report --fail-under=100 --include='livecaption/core/*,livecaption/protocol/*'

check: $(STAMP)  ## style, types, architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(STAMP)  ## mend what can be mended by machine
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

e2e: $(STAMP)  ## the browser tests only
	LIVECAPTION_REQUIRE_BROWSER=1 $(BIN)/python -m pytest tests/e2e $(ARGS)

bench: $(STAMP)  ## benchmarks of this machine, into bench/results/
	$(BIN)/python -m bench $(ARGS)

lock:  ## pin the newest versions (needs uv)
	uv lock --upgrade
	uv export --quiet --frozen --no-hashes --no-emit-project --no-annotate --no-header --group dev -o constraints.txt

clean:  ## forget the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* dist
