# crmcore: `make demo` and `make test` need Python 3.11, pip and make, nothing else.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# python3.11 where it really runs (a shim on PATH may point nowhere), else python3
PYTHON ?= $(shell if python3.11 -c '' 2>/dev/null; then echo python3.11; else echo python3; fi)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --constraint constraints.txt
PACKAGES := $(wildcard plugins/crmcore-*)
INPUTS := pyproject.toml constraints.txt $(PACKAGES:%=%/pyproject.toml)
OLDEST_PLUGGY := 1.6.0

# what `make services` installs from Debian; of two names joined by | either will do, and the first is installed
SERVICES := postgresql default-jre-headless|openjdk-17-jre-headless chromium fonts-noto-cjk

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

# ---------------------------------------------------------------------------------------------------- environment

# Debian splits ensurepip off the standard library; pip then installs itself into the new environment from outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "crmcore needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "creating $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

# The package is installed from its own folder with the pinned build backend, not with one fetched for the build.
$(VENV)/.core: $(INPUTS) | $(BIN)/python
	@echo "installing crmcore"
	@$(INSTALL) hatchling editables
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "installing what tests, lint, docs and benchmarks need"
	@$(INSTALL) --no-build-isolation --editable '.[arrow,color,test,lint,docs,bench]'
	@$(INSTALL) --no-build-isolation --no-deps $(addprefix --editable ,$(PACKAGES))
	@touch $@

.PHONY: venv
venv: $(VENV)/.dev ## make .venv with everything that work on crmcore needs

.PHONY: constraints
constraints: $(VENV)/.dev ## write constraints.txt from what is installed now
	@{ sed '/^[^#]/,$$d' constraints.txt; $(PIP) freeze --exclude-editable; } > constraints.new
	@mv constraints.new constraints.txt

# ---------------------------------------------------------------------------------------------------- the two commands

.PHONY: demo
demo: $(VENV)/.core ## the main job on generated data: a scorecard with explanations
	@$(BIN)/crmcore demo

.PHONY: test
test: $(VENV)/.dev ## every test that needs only Python packages, on all processors
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# ---------------------------------------------------------------------------------------------------- more tests

.PHONY: test-long
test-long: $(VENV)/.dev ## the same with long property and fault runs
	@CRMCORE_TEST_PROFILE=long $(BIN)/python -m pytest

$(VENV)/pluggy-$(OLDEST_PLUGGY): $(VENV)/.dev
	@$(PIP) install --quiet --no-deps --target $@ pluggy==$(OLDEST_PLUGGY)

.PHONY: test-pluggy
test-pluggy: $(VENV)/pluggy-$(OLDEST_PLUGGY) ## the tests of plugins with the oldest pluggy there is support for
	@PYTHONPATH=$< $(BIN)/python -c 'import pluggy; assert pluggy.__version__ == "$(OLDEST_PLUGGY)", pluggy.__version__'
	@PYTHONPATH=$< $(BIN)/python -m pytest tests/unit/plugins tests/unit/testing/test_plugin_suite.py \
	  tests/conformance/test_our_plugins.py plugins/crmcore-profiles

.PHONY: services
services: ## install system services from Debian (as root; skips what is there)
	@missing=""; \
	for names in $(foreach s,$(SERVICES),'$(s)'); do \
	  found=no; \
	  for package in $${names//|/ }; do \
	    if dpkg-query -W -f='$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed'; then found=yes; fi; \
	  done; \
	  if [ "$$found" = no ]; then missing="$$missing $${names%%|*}"; fi; \
	done; \
	if [ -z "$$missing" ]; then echo "services: all there"; exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "services: this needs Debian's apt-get; lacking:$$missing" >&2; exit 1; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "services: run 'make services' as root; lacking:$$missing" >&2; exit 1; fi; \
	echo "services: installing$$missing"; \
	export DEBIAN_FRONTEND=noninteractive; \
	apt-get update -qq </dev/null; \
	apt-get install -y -qq --no-install-recommends $$missing </dev/null >/dev/null

.PHONY: test-services
test-services: $(VENV)/.dev ## tests that need system services; fails where one lacks
	@status=0; $(BIN)/python -m pytest -m services || status=$$?; \
	if [ "$$status" = 5 ]; then echo "test-services: no test carries the marker 'services'; nothing was checked" >&2; fi; \
	exit "$$status"

# ---------------------------------------------------------------------------------------------------- checks

.PHONY: lint
lint: $(VENV)/.dev ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: $(VENV)/.dev ## mypy --strict
	@$(BIN)/mypy --strict src $(PACKAGES:%=%/src)

.PHONY: layers
layers: $(VENV)/.dev ## import-linter: modules import only downwards
	@$(BIN)/lint-imports

.PHONY: docs
docs: $(VENV)/.dev ## build the documentation; a warning is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: docs-check
docs-check: $(VENV)/.dev ## generated files are up to date
	@if [ -f scripts/generate.py ]; then $(BIN)/python scripts/generate.py --check; \
	else echo "docs-check: no generated files yet"; fi

.PHONY: bench
bench: $(VENV)/.dev ## ratios to polars, DuckDB and pandas in one run (ROWS=1000000)
	@$(BIN)/python -m benchmarks.compare $(if $(ROWS),--rows $(ROWS))
	@$(BIN)/python -m benchmarks.catalogue $(if $(ROWS),--rows $(ROWS))
	@$(BIN)/python -m benchmarks.orders $(if $(ROWS),--rows $(ROWS))
	@$(BIN)/python -m benchmarks.schemes
	@$(BIN)/python -m benchmarks.naive_bayes
	@$(BIN)/python -m benchmarks.stores
	@$(BIN)/python -m benchmarks.plugins

.PHONY: clean
clean: ## remove the environment, caches and reports
	rm -rf $(VENV) build dist site htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
