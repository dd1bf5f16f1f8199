# The commands of Threatcast. `make run` and `make test` need Python 3.11 with pip, and make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
export THREATCAST_HOME ?= $(CURDIR)/data
export DO_NOT_TRACK := true
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export MLFLOW_DISABLE_TELEMETRY := true
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false
export UV_PYTHON_DOWNLOADS := never

.PHONY: help setup run test ui mlflow dbt-docs bench check clean docs

help: ## Show these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/installed .venv/parsed ## Install the locked dependencies and prepare dbt (run and test do it for you)

.venv/bin/uv:
	@echo "threatcast: making .venv and fetching uv"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3,11) <= sys.version_info[:2] <= (3,13) else "Threatcast needs Python 3.11, 3.12 or 3.13; found " + sys.version.split()[0] + ". Say which with: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

.venv/installed: requirements.lock pyproject.toml | .venv/bin/uv
	@echo "threatcast: installing the locked dependencies (about a minute on a new machine)"
	@VIRTUAL_ENV="$$PWD/.venv" $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV="$$PWD/.venv" $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# each of the many processes of the tests starts faster so; a night compiles the third that it needs
.venv/compiled: .venv/installed
	@echo "threatcast: compiling what was installed"
	@$(BIN)/python -m compileall -qq -j 2 .venv/lib || true # some packages hold files for other Pythons
	@touch $@

.venv/parsed: .venv/installed $(shell find dbt_project/models dbt_project/macros dbt_project/seeds dbt_project/data_tests dbt_project/*.yml 2>/dev/null)
	@echo "threatcast: reading the dbt project"
	@cd dbt_project && DBT_PROFILES_DIR=. THREATCAST_WAREHOUSE="$$THREATCAST_HOME/warehouse/threatcast.duckdb" ../$(BIN)/dbt --quiet parse
	@touch $@

# where Python may write no bytecode, each process would compile everything anew
run: setup $(if $(PYTHONDONTWRITEBYTECODE),.venv/compiled) ## Make a release: from THREATCAST_MIRROR if set, else from the counts that ship
	@$(BIN)/threatcast run

test: setup .venv/compiled ## Run all tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -q

check: setup ## Lint, types, import rules, SQL style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry --no-ansi feeds forecasting publishing orchestration
	@$(BIN)/sqlfluff lint --disable-progress-bar -q dbt_project/models dbt_project/data_tests

ui: setup ## Open the Dagster UI on http://127.0.0.1:3000
	@$(BIN)/threatcast ui

mlflow: setup ## Open MLflow on the nights of the home, on http://127.0.0.1:5000
	@$(BIN)/threatcast mlflow

dbt-docs: setup ## Open dbt's documentation of all tables on http://127.0.0.1:3002
	@$(BIN)/threatcast dbt-docs

bench: setup ## Measure what the documents promise, beside its rivals: one table
	@$(BIN)/python benchmarks/run.py

docs: setup ## Write the generated pages anew
	@$(BIN)/python -m threatcast_orchestration.documents

clean: ## Remove the environment; leaves data/ alone
	rm -rf .venv
