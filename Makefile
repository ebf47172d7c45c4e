# `make` alone lists the targets. PYTHON names the interpreter that makes the virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo demo-github test test-slow lint bench lock format schemas golden setup tools

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: ## Set up what is needed, and play a model's life in a real Git repository
	@$(PYTHON) requirements/bootstrap.py .bootstrap/demo demo
	@.bootstrap/demo/bin/python -I -m mlci demo

demo-github: setup tools ## Play it on a GitHub of this machine, where the workflows run for real
	@$(BIN)/python -m tests.act.demo

test: setup tools ## Run the tests (a few minutes on two cores)
	$(PYTEST) -n $(WORKERS) -m "not slow"

test-slow: setup tools ## Kills, races, guards, bad input, a GitHub on loopback, the wheel, demos, workflows
	$(PYTEST) -n $(WORKERS) -m slow

lint: setup tools ## ruff, mypy, import-linter; actionlint, zizmor and check-jsonschema for the workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.actions.lint_workflows

format: setup ## Write the code as the formatter wants it
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: setup ## Measure the promises of speed and of statistics
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/registry.py
	$(BIN)/python benchmarks/gates.py
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/data.py
	$(BIN)/python benchmarks/package.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/levels.py
	$(BIN)/python benchmarks/leaks.py
	$(BIN)/python benchmarks/predict.py

schemas: setup ## Write the JSON Schemas from the models
	$(BIN)/python -m mlci.schemas

golden: setup ## Write the golden files anew; then read the difference
	$(PYTEST) -n $(WORKERS) --golden=write -m "not slow"

lock: setup ## Resolve the lock anew (UPGRADE=--upgrade for newer versions)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh requirements/lock.sh $(UPGRADE)

setup:
	@$(PYTHON) requirements/bootstrap.py $(VENV) dev

tools: setup ## Install act and actionlint, which are written in Go
	@$(PYTHON) requirements/go_tools.py .bootstrap/bin
