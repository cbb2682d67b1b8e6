# One command each: what a person or the pipeline does with this repository.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?=
BIN := .venv/bin
STAMP := .venv/.up-to-date
SOURCES := plugin tests docs $(wildcard bench)
PYTEST_ARGS ?= -n 2
SOAK_ARGS ?=
FAILOVER_ARGS ?=
BENCH_ARGS ?=
PLANTED_ARGS ?=

.PHONY: help env demo test soak failover planted bench performance check lint types lock docs locales clean

help: ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

env: $(STAMP) ## build .venv from the lock; does nothing when it is current

$(STAMP): requirements-dev.lock pyproject.toml
	@[[ -x $(BIN)/python ]] || { python=$$(tests/python.sh $(PYTHON)); "$$python" -m venv .venv; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: env ## play the story: sandbox Zammad and Steward, days in seconds
	$(BIN)/steward demo

test: env lint types ## everything: lint, types, tests on SQLite and on a PostgreSQL of its own, branch coverage
	$(BIN)/coverage erase
	tests/postgresql.sh $(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

soak: env ## crash soak: 10,000 events, kills and a failing Zammad; SOAK_ARGS='--events 1000 --kills 20' for a short one
	$(BIN)/python -m bench.soak $(SOAK_ARGS)

failover: env ## two workers on one PostgreSQL: 100 failovers, 10 restarts of PostgreSQL; FAILOVER_ARGS='--failovers 20 --restarts 2'
	$(BIN)/python -m bench.failover $(FAILOVER_ARGS)

planted: env ## plant one bug after another and see whether the tests notice; PLANTED_ARGS='--only NAME --jobs 2'
	tests/postgresql.sh $(BIN)/python -m tests.planted.run $(PLANTED_ARGS)

bench: env ## what Steward costs the helpdesk, and how fast it is: tables; BENCH_ARGS='cost due' for some of them
	tests/postgresql.sh $(BIN)/python -m bench $(BENCH_ARGS)

performance: env ## measure all of it and write docs/performance.md with its plots
	tests/postgresql.sh $(BIN)/python -m bench --keep $(BENCH_ARGS) || true
	$(BIN)/python -m docs.write_performance

check: lint types ## lint and types only

lint: env ## ruff's rules and format
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)

types: env ## mypy, strict
	$(BIN)/mypy $(SOURCES)

lock: ## write the locks anew from pyproject.toml
	python=$$(tests/python.sh $(PYTHON)); "$$python" -m venv .venv-lock
	.venv-lock/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
	.venv-lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	.venv-lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements-dev.lock --extra dev pyproject.toml
	# what builds the wheel in deploy/Dockerfile
	echo 'setuptools>=77' | .venv-lock/bin/uv pip compile $(LOCK_OPTIONS) --output-file requirements-build.lock -
	rm -rf .venv-lock

# one lock for every Python from 3.11 on, with the hashes of all its wheels
LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

docs: env ## draw docs/architecture.svg, write docs/settings.md, docs/alarms.md, docs/examples.md and docs/pack.schema.json anew
	$(BIN)/python -m docs.draw_architecture
	$(BIN)/python -m docs.write_settings
	$(BIN)/python -m docs.write_alarms
	$(BIN)/python -m docs.write_examples
	$(BIN)/python -m docs.write_pack_schema

locales: env ## bring the translations up to date with the sentences in the code
	$(BIN)/python -m plugin.locales.collect

clean: ## remove what the other targets made
	rm -rf .venv .venv-lock build dist *.egg-info .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
