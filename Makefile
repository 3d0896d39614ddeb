# ChangeTrack: `make run` and `make test` are all one needs; `make help` lists the rest.
SHELL := /bin/sh
BIN := .venv/bin
PORT ?= 5000
export PORT

.DEFAULT_GOAL := help
.PHONY: help run test test-faults check format bench lock clean

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 20

run: .venv/installed  ## install, migrate, load the example portfolio if the database is new, serve
	@$(BIN)/changetrack db upgrade
	@echo "The example portfolio takes half a minute, the first time."
	@$(BIN)/changetrack demo --if-new
	@exec $(BIN)/changetrack serve --port $(PORT)

test: .venv/installed  ## every test: on SQLite, on a PostgreSQL of its own, and the pages in Chromium
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-faults: .venv/installed  ## kill, fill, fail and turn clocks at length, on both databases: what is lost, what repeats
	@$(BIN)/python -m tests.faults $(ARGS)

check: .venv/installed  ## lint, format, types, import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/installed  ## let ruff mend what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: .venv/installed  ## measure the speed promises, each as a ratio to its floor, on both databases
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lock: .venv/installed  ## resolve the newest versions that setup.cfg allows
	@$(BIN)/uv pip compile setup.cfg --all-extras --generate-hashes --universal --no-emit-index-url --upgrade -q -o requirements.lock

clean:  ## remove what can be made again; the data in instance/ stays
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/installed: requirements.lock setup.cfg pyproject.toml .ci/install
	@.ci/install
	@touch $@
